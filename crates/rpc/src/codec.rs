//! Protobuf messages in gRPC frames.

use std::marker::PhantomData;

use prost::Message;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// Sends `T`, receives `U`.
pub(crate) struct Protobuf<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for Protobuf<T, U> {
    fn default() -> Self {
        Protobuf(PhantomData)
    }
}

pub(crate) struct Sending<T>(PhantomData<T>);
pub(crate) struct Receiving<U>(PhantomData<U>);

impl<T: Message + Send + 'static, U: Message + Default + Send + 'static> Codec for Protobuf<T, U> {
    type Encode = T;
    type Decode = U;
    type Encoder = Sending<T>;
    type Decoder = Receiving<U>;

    fn encoder(&mut self) -> Sending<T> {
        Sending(PhantomData)
    }

    fn decoder(&mut self) -> Receiving<U> {
        Receiving(PhantomData)
    }
}

impl<T: Message> Encoder for Sending<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(out).map_err(|e| Status::internal(e.to_string()))
    }
}

impl<U: Message + Default> Decoder for Receiving<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, input: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        U::decode(input).map(Some).map_err(|e| Status::invalid_argument(e.to_string()))
    }
}
