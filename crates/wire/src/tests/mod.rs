//! What holds for the whole of the protocol: the specification says what the code does, the vectors on file are what it
//! writes and reads, and no bytes at all make a decoder panic or take two encodings for one value.

mod decoders;
mod robustness;
mod samples;
mod specification;
mod vectors;
