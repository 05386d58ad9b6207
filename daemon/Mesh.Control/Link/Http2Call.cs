using System.IO.Pipelines;
using System.Text;
using Mesh.Http;
using Mesh.Http.Http2;
using Mesh.Protocol.Grpc;

namespace Mesh.Control.Link;

/// <summary>One call on a stream. The head of the answer is read with the first bytes of its body.</summary>
internal sealed class Http2Call : IGrpcCall
{
    private readonly Http2Stream stream;
    private GrpcStatus? statusOfHead;

    public Http2Call(Http2Stream stream)
    {
        this.stream = stream;
        Input = new HeadFirstReader(this);
    }

    public PipeWriter Output => stream.Output;

    public PipeReader Input { get; }

    public ValueTask<GrpcStatus> FinishAsync()
    {
        if (statusOfHead is { } whole) return new(whole);
        var trailers = stream.Trailers;
        return new(GrpcStatus.Parse(Value(trailers, "grpc-status"u8), Value(trailers, "grpc-message"u8)));
    }

    public ValueTask DisposeAsync()
    {
        stream.Dispose();
        return ValueTask.CompletedTask;
    }

    private async ValueTask ReadHeadAsync()
    {
        var head = await stream.ReadHeadersAsync();
        int.TryParse(Value(head, ":status"u8), out int httpStatus);
        if (GrpcStatus.OfHttp(httpStatus, Value(head, "content-type"u8)) is { } notGrpc) throw new GrpcException(notGrpc);
        // A head with a status is the whole answer ("Trailers-Only").
        if (Value(head, "grpc-status"u8) is { } status) statusOfHead = GrpcStatus.Parse(status, Value(head, "grpc-message"u8));
    }

    private static string? Value(HeaderList? fields, ReadOnlySpan<byte> name) =>
        fields is not null && fields.TryGet(name, out var value) ? Encoding.ASCII.GetString(value) : null;

    /// <summary>The body of the answer; its first read waits for the head too.</summary>
    private sealed class HeadFirstReader(Http2Call call) : PipeReader
    {
        private bool hasHead;

        private PipeReader Body => call.stream.Input;

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
            hasHead ? Body.ReadAsync(cancellationToken) : ReadFirstAsync(cancellationToken);

        public override bool TryRead(out ReadResult result)
        {
            result = default;
            return hasHead && Body.TryRead(out result);
        }

        public override void AdvanceTo(SequencePosition consumed) => Body.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => Body.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => Body.CancelPendingRead();

        public override void Complete(Exception? exception = null) => Body.Complete(exception);

        private async ValueTask<ReadResult> ReadFirstAsync(CancellationToken cancellationToken)
        {
            await call.ReadHeadAsync();
            hasHead = true;
            return await Body.ReadAsync(cancellationToken);
        }
    }
}
