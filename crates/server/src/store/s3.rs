//! A store in a bucket of whoever speaks S3: signed addresses from `rusty-s3`, plain requests from `ureq`, both without a runtime.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rusty_s3::actions::ListObjectsV2;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use ureq::Agent;
use vocab::limits::PAYLOAD_BYTES_MAX;

use super::{BlobStore, Listing, Name, StoreError};

/// Where a bucket is: `https://HOST[:PORT]/BUCKET`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketAddress {
    endpoint: String,
    bucket: String,
}

/// Who may use it, and in which region. No `Debug`.
pub struct Access {
    /// Of the key pair.
    pub key: String,
    /// Of the key pair.
    pub secret: String,
    /// `us-east-1` where a service knows none.
    pub region: String,
}

/// A bucket of sealed blobs.
pub struct S3Store {
    address: BucketAddress,
    bucket: Bucket,
    credentials: Credentials,
    agent: Agent,
}

impl FromStr for BucketAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' names no bucket: write it as https://HOST/BUCKET");
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let (host, bucket) = rest.trim_end_matches('/').split_once('/').ok_or_else(wrong)?;
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let local = ["localhost", "127.0.0.1", "[::1]"].contains(&name) || host == "[::1]";
        if scheme != "https" && !(scheme == "http" && local) {
            return Err(format!("'{text}' is reached in clear: beyond this machine a bucket needs https"));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if name.is_empty() || bucket.is_empty() || !bucket.chars().all(plain) || host.contains('@') {
            return Err(wrong());
        }
        Ok(Self { endpoint: format!("{scheme}://{host}"), bucket: bucket.to_owned() })
    }
}

impl fmt::Display for BucketAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.endpoint, self.bucket)
    }
}

impl Access {
    /// From the variables that all tools for S3 read.
    pub fn from_environment() -> Option<Self> {
        let read = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some(Self {
            key: read("AWS_ACCESS_KEY_ID")?,
            secret: read("AWS_SECRET_ACCESS_KEY")?,
            region: read("AWS_REGION").unwrap_or_else(|| "us-east-1".to_owned()),
        })
    }
}

impl S3Store {
    /// A bucket that exists. Nothing is asked of it yet.
    ///
    /// # Errors
    /// [`StoreError`] when the address is none.
    pub fn new(address: &BucketAddress, access: Access) -> Result<Self, StoreError> {
        let unusable = || StoreError(format!("{address} is no address of a bucket"));
        let endpoint = address.endpoint.parse().map_err(|_| unusable())?;
        let bucket = Bucket::new(endpoint, UrlStyle::Path, address.bucket.clone(), access.region);
        let config = Agent::config_builder()
            .timeout_global(Some(ANSWER_TIME_MAX))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections_per_host(IDLE_CONNECTIONS_MAX)
            .user_agent("")
            .build();
        Ok(Self {
            address: address.clone(),
            bucket: bucket.map_err(|_| unusable())?,
            credentials: Credentials::new(access.key, access.secret),
            agent: config.into(),
        })
    }

    fn trouble(&self, act: &str, why: impl fmt::Display) -> StoreError {
        StoreError(format!("cannot {act} in the bucket {}: {why}", self.address))
    }

    fn refused(&self, act: &str, status: u16) -> StoreError {
        let hint = match status {
            301 | 307 | 400 => "set AWS_REGION to the bucket's region",
            401 | 403 => "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY do not let this server do that",
            404 => "there is no such bucket: make it first",
            507 => "it is full",
            _ => "it may be busy, or down",
        };
        self.trouble(act, format!("it answers {status}: {hint}"))
    }
}

impl BlobStore for S3Store {
    fn write(&self, name: &Name, bytes: &[u8]) -> Result<(), StoreError> {
        let url = self.bucket.put_object(Some(&self.credentials), &key(name)).sign(SIGNED_FOR);
        let answer = self.agent.put(url.as_str()).send(bytes);
        let answer = answer.map_err(|error| self.trouble("write", error))?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(self.refused("write", answer.status().as_u16()))
        }
    }

    fn read(&self, name: &Name) -> Result<Option<Vec<u8>>, StoreError> {
        let url = self.bucket.get_object(Some(&self.credentials), &key(name)).sign(SIGNED_FOR);
        let mut answer = self.agent.get(url.as_str()).call().map_err(|error| self.trouble("read", error))?;
        match answer.status().as_u16() {
            200 => {
                let body = answer.body_mut().with_config().limit(PAYLOAD_BYTES_MAX as u64);
                body.read_to_vec().map(Some).map_err(|error| self.trouble("read", error))
            }
            404 => Ok(None),
            status => Err(self.refused("read", status)),
        }
    }

    fn delete(&self, name: &Name) -> Result<(), StoreError> {
        let url = self.bucket.delete_object(Some(&self.credentials), &key(name)).sign(SIGNED_FOR);
        let answer = self.agent.delete(url.as_str()).call().map_err(|error| self.trouble("delete", error))?;
        match answer.status().as_u16() {
            200..300 | 404 => Ok(()),
            status => Err(self.refused("delete", status)),
        }
    }

    /// Other things under the prefix are passed over.
    fn list(&self, after: Option<&Name>, count: usize) -> Result<Listing, StoreError> {
        let mut from = after.map(key);
        loop {
            let mut action = self.bucket.list_objects_v2(Some(&self.credentials));
            action.with_prefix(PREFIX);
            action.with_max_keys(count);
            if let Some(from) = &from {
                action.with_start_after(from.as_str());
            }
            let url = action.sign(SIGNED_FOR);
            let mut answer =
                self.agent.get(url.as_str()).call().map_err(|error| self.trouble("list", error))?;
            if !answer.status().is_success() {
                return Err(self.refused("list", answer.status().as_u16()));
            }
            let text = answer.body_mut().with_config().limit(LIST_BYTES_MAX).read_to_string();
            let text = text.map_err(|error| self.trouble("list", error))?;
            let found = ListObjectsV2::parse_response(&text).map_err(|error| self.trouble("list", error))?;
            let more = found.next_continuation_token.is_some();
            let names: Vec<Name> = found.contents.iter().filter_map(|object| name_of(&object.key)).collect();
            from = found.contents.into_iter().last().map(|object| object.key);
            if !names.is_empty() || !more || from.is_none() {
                return Ok(Listing { names, more });
            }
        }
    }
}

/// What an object is called: in 256 folders, as in a folder.
fn key(name: &Name) -> String {
    format!("{PREFIX}{}/{name}", name.fan())
}

fn name_of(key: &str) -> Option<Name> {
    let (fan, name) = key.strip_prefix(PREFIX)?.split_once('/')?;
    Name::parse(name).filter(|name| name.fan() == fan)
}

const PREFIX: &str = "blobs/";
/// A signed request is good for so long: the clocks of both may differ by minutes.
const SIGNED_FOR: Duration = Duration::from_secs(15 * 60);
/// Whatever takes longer has failed.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(60);
/// Connections kept open for the next request.
const IDLE_CONNECTIONS_MAX: usize = 16;
/// A list of 1,000 names, which S3 gives at most, with all that stands around each.
const LIST_BYTES_MAX: u64 = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_host_and_bucket_and_is_reached_in_clear_on_this_machine_only() {
        for good in ["https://s3.example.org/valise", "http://127.0.0.1:9000/a.b-c", "http://[::1]:9000/b"] {
            assert_eq!(good.parse::<BucketAddress>().unwrap().to_string(), good);
        }
        let said = |text: &str| text.parse::<BucketAddress>().unwrap_err();
        assert!(said("http://s3.example.org/valise").contains("needs https"));
        for bad in [
            "s3.example.org/valise",
            "https://s3.example.org",
            "https://s3.example.org/",
            "https:///b",
            "https://key:secret@s3.example.org/b",
            "https://s3.example.org/a/b",
            "https://s3.example.org/a b",
        ] {
            assert!(said(bad).contains("names no bucket"), "{bad}");
        }
    }
}
