using System.IO.Pipelines;
using Mesh.Io;

namespace Mesh.Kit.Connections;

/// <summary>Shows at most so many bytes of what has arrived at a time: what a parser sees when the network splits its input badly.</summary>
public sealed class SlicedConnection(Connection inner, int bytesAtATime) : Connection
{
    public override Loop Loop => inner.Loop;
    public override PipeReader Input { get; } = new SlicedReader(inner.Input, bytesAtATime);
    public override PipeWriter Output => inner.Output;
    public override IpPort LocalAddress => inner.LocalAddress;
    public override IpPort RemoteAddress => inner.RemoteAddress;
    public override void Abort() => inner.Abort();
    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    private sealed class SlicedReader(PipeReader inner, int limit) : PipeReader
    {
        public override bool TryRead(out ReadResult result)
        {
            if (!inner.TryRead(out result)) return false;
            result = Slice(result);
            return true;
        }

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
            Slice(await inner.ReadAsync(cancellationToken));

        public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);
        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);
        public override void CancelPendingRead() => inner.CancelPendingRead();
        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        private ReadResult Slice(ReadResult result) => result.Buffer.Length <= limit
            ? result
            : new ReadResult(result.Buffer.Slice(0, limit), result.IsCanceled, isCompleted: false);
    }
}
