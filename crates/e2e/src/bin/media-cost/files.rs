//! Files to send, and what became of them.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::{MIB, Trouble};

/// A file that no program can guess or compress.
pub fn random(folder: &Path, mib: u64) -> Result<PathBuf, Trouble> {
    let path = folder.join("random");
    let mut from = File::open("/dev/urandom")?.take(mib * MIB);
    let mut to = File::create(&path)?;
    io::copy(&mut from, &mut to)?;
    // Or it is written while something is measured.
    to.sync_all()?;
    Ok(path)
}

/// That a file arrived to the byte.
pub fn assert_same(one: &Path, other: &Path) -> Result<(), Trouble> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Err("what was saved has another size".into());
    }
    let (mut a, mut b) = (vec![0; MIB as usize], vec![0; MIB as usize]);
    loop {
        let length = one.read(&mut a)?;
        if length == 0 {
            return Ok(());
        }
        other.read_exact(b.get_mut(..length).unwrap_or_default())?;
        if a.get(..length) != b.get(..length) {
            return Err("what was saved is something else".into());
        }
    }
}

/// Bytes that a folder takes on its disk, with all in it.
pub fn on_disk(folder: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let (path, meta) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)))?;
        sum += if meta.is_dir() { on_disk(&path)? } else { meta.blocks() * 512 };
    }
    Ok(sum)
}

/// As programs are given it.
pub fn text(path: &Path) -> Result<&str, Trouble> {
    path.to_str().ok_or_else(|| "a folder whose name is no text".into())
}
