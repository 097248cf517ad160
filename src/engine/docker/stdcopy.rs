//! The engine's framing of two outputs in one stream: `[kind, 0, 0, 0, length (big endian)]`, then
//! so many bytes.
//!
//! A frame's bytes are passed on as they come and never gathered, so the memory used is that of one
//! read whatever length a frame claims.

use std::io;

use bytes::{Buf, BytesMut};
use tokio_util::codec::Decoder;

use crate::engine::Output;

const HEADER: usize = 8;

/// Splits the stream.
#[derive(Debug, Default)]
pub(super) struct Stdcopy {
    stderr: bool,
    /// Bytes of the present frame that are still to come.
    left: usize,
}

impl Decoder for Stdcopy {
    type Item = Output;
    type Error = io::Error;

    fn decode(&mut self, source: &mut BytesMut) -> io::Result<Option<Output>> {
        while self.left == 0 {
            let Some(header) = source.first_chunk::<HEADER>() else { return Ok(None) };
            let [kind, _, _, _, length @ ..] = *header;
            self.stderr = match kind {
                0 | 1 => false,
                2 => true,
                _ => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "not a stream of frames",
                    ));
                }
            };
            self.left = u32::from_be_bytes(length) as usize;
            source.advance(HEADER);
        }
        if source.is_empty() {
            return Ok(None);
        }
        let bytes = source.split_to(self.left.min(source.len())).freeze();
        self.left -= bytes.len();
        Ok(Some(if self.stderr { Output::Stderr(bytes) } else { Output::Stdout(bytes) }))
    }

    fn decode_eof(&mut self, source: &mut BytesMut) -> io::Result<Option<Output>> {
        match self.decode(source)? {
            None if self.left > 0 || !source.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
            item => Ok(item),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, bytes: &[u8]) -> Vec<u8> {
        let mut frame = vec![kind, 0, 0, 0];
        frame.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
        frame.extend_from_slice(bytes);
        frame
    }

    /// Feeds a stream in pieces and gathers each output.
    fn split(stream: &[u8], piece: usize) -> io::Result<(Vec<u8>, Vec<u8>)> {
        let (mut decoder, mut buffer) = (Stdcopy::default(), BytesMut::new());
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut take = |output| match output {
            Output::Stdout(bytes) => stdout.extend_from_slice(&bytes),
            Output::Stderr(bytes) => stderr.extend_from_slice(&bytes),
        };
        for chunk in stream.chunks(piece) {
            buffer.extend_from_slice(chunk);
            while let Some(output) = decoder.decode(&mut buffer)? {
                take(output);
            }
        }
        while let Some(output) = decoder.decode_eof(&mut buffer)? {
            take(output);
        }
        Ok((stdout, stderr))
    }

    #[test]
    fn a_huge_frame_is_passed_on_in_pieces() {
        let mut decoder = Stdcopy::default();
        let mut buffer = BytesMut::from(&[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, b'a'][..]);
        let output = decoder.decode(&mut buffer).unwrap();
        assert_eq!(output, Some(Output::Stdout(Bytes::from_static(b"a"))));
        assert_eq!(decoder.decode(&mut buffer).unwrap(), None);
    }

    #[test]
    fn a_stream_that_ends_inside_a_frame_is_an_error() {
        assert!(split(&frame(1, b"abc")[..9], 100).is_err());
        assert!(split(&frame(1, b"abc")[..3], 100).is_err());
        assert!(split(&frame(7, b"abc"), 100).is_err());
        assert!(split(&frame(1, b""), 100).is_ok());
    }

    proptest! {
        #[test]
        fn every_byte_arrives_at_its_own_output(
            frames in prop::collection::vec((1_u8..=2, prop::collection::vec(any::<u8>(), 0..40)), 0..9),
            piece in 1_usize..30,
        ) {
            let stream: Vec<u8> =
                frames.iter().flat_map(|(kind, bytes)| frame(*kind, bytes)).collect();
            let gather = |wanted: u8| -> Vec<u8> {
                frames.iter().filter(|(kind, _)| *kind == wanted)
                    .flat_map(|(_, bytes)| bytes.clone()).collect()
            };
            prop_assert_eq!(split(&stream, piece).unwrap(), (gather(1), gather(2)));
        }
    }
}
