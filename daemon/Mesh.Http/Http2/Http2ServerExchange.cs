using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Mesh.Io;

namespace Mesh.Http.Http2;

/// <summary>One stream as a request and its response; reused for the next stream of its connection.</summary>
internal sealed class Http2ServerExchange : ServerExchange
{
    /// <summary>Small pieces gather up to this before they are offered to the connection.</summary>
    private const int GatherBytes = 16 * 1024;

    private static readonly HeaderList noTrailers = new();

    private readonly Connection transport;
    private readonly BrokenSignal broken;
    private Http2Stream? stream;
    private TunnelConnection? tunnel;
    private ResponseHead? pendingHead;
    private bool ended;
    private bool responseStarted;

    public Http2ServerExchange(Connection transport) => (this.transport, broken) = (transport, new BrokenSignal(this));

    public override BodyFraming RequestFraming => framing;

    private BodyFraming framing;

    public override PipeReader RequestBody => Stream.Input;
    public override HeaderList RequestTrailers => Stream.Trailers ?? noTrailers;
    public override bool ResponseStarted => responseStarted;
    public override IpPort RemoteAddress => transport.RemoteAddress;
    public override bool IsHttp2 => true;
    public override Action? OnBroken { get; set; }

    private Http2Stream Stream => stream ?? throw new InvalidOperationException("the exchange is over");

    public void Start(Http2Stream opened)
    {
        stream = opened;
        stream.BrokenSignal = broken;
        pendingHead = null;
        ended = responseStarted = false;
        bool isConnect = stream.IsConnectRequest;
        Http2Messages.ReadRequest(stream.Headers, Request);
        stream.GiveBackHead();
        framing = isConnect || stream.IsHeadOnly ? BodyFraming.None : new BodyFraming(true, stream.PromisedBytes);
    }

    /// <summary>The handler has returned: what it left open is reset, and the stream goes back to its connection.</summary>
    public ValueTask EndAsync()
    {
        var closing = Stream;
        stream = null;
        OnBroken = null;
        closing.BrokenSignal = null;
        if (tunnel is { } carried)
        {
            tunnel = null;
            return carried.DisposeAsync();
        }
        if (!ended) closing.Reset(ErrorCode.InternalError);
        closing.DisposeForReuse();
        return default;
    }

    public override bool IsClientGone() => Stream.IsBroken;

    public override string? ClientFault => Stream.PeerFault;

    public override ValueTask WriteInterimAsync(ResponseHead head)
    {
        if (head.Status == 101) responseStarted = true;
        Stream.SendHead(head, endStream: false);
        return Stream.WaitForRoomAsync();
    }

    public override void StartResponse(ResponseHead head, BodyFraming responseFraming)
    {
        responseStarted = true;
        DateField.Ensure(head, transport.Loop.Time);
        if (responseFraming.HasBody) Stream.SendHead(head, endStream: false);
        else pendingHead = head;
    }

    public override ValueTask WriteAsync(ReadOnlySequence<byte> data)
    {
        var output = Stream.Output;
        foreach (var part in data) output.Write(part.Span);
        return output.UnflushedBytes < GatherBytes ? default : FlushAsync();
    }

    public override ValueTask WriteLastAsync(ReadOnlySequence<byte> data, bool withTrailers) =>
        Stream.SendBuffer.TryWriteThrough(data, isEnd: !withTrailers) ? default : WriteAsync(data);

    public override ValueTask FlushAsync()
    {
        if (pendingHead is not null) return default;
        var flush = Stream.Output.FlushAsync();
        if (!flush.IsCompletedSuccessfully) return Wait(flush);
        flush.GetAwaiter().GetResult();
        return default;
    }

    public override ValueTask FinishAsync(HeaderList? trailers = null)
    {
        ended = true;
        if (pendingHead is { } head)
        {
            pendingHead = null;
            Stream.SendHead(head, endStream: trailers is null);
            if (trailers is null) return Stream.WaitForRoomAsync();
        }
        return trailers is null ? Stream.Output.CompleteAsync() : Stream.SendTrailersAsync(trailers);
    }

    public override void CloseAfterwards()
    {
        // Other streams of the connection have nothing to do with this one's troubles.
    }

    public override Connection TakeOver()
    {
        Stream.BrokenSignal = null;
        return tunnel = new TunnelConnection(transport.Loop, Stream, transport.LocalAddress, transport.RemoteAddress);
    }

    public override void Abort()
    {
        ended = true;
        Stream.Reset(ErrorCode.InternalError);
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    private static async ValueTask Wait(ValueTask<FlushResult> flush) => await flush;

    private sealed class BrokenSignal(Http2ServerExchange exchange) : LoopSignal
    {
        public override void Fire() => exchange.OnBroken?.Invoke();
    }
}
