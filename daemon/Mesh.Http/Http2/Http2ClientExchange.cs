using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Mesh.Io;

namespace Mesh.Http.Http2;

/// <summary>One exchange on a shared HTTP/2 connection, which must have room for a stream when the request is started. Disposed, it can begin another.</summary>
public sealed class Http2ClientExchange : ClientExchange
{
    private const int GatherBytes = 16 * 1024;

    private static readonly HeaderList noTrailers = new();

    private readonly ResponseHead head = new();
    private readonly ByteText protocol = new();
    private Http2Connection? shared;
    private Http2Stream? stream;
    private TunnelConnection? tunnel;
    private byte[] acceptKey = [];
    private bool isHead;
    private bool kept;
    private BodyFraming framing;

    public override bool IsOnKeptConnection => kept;
    public override bool BrokeWithKeptConnection => kept && Connection is { IsOpen: false, Reproach: null };
    public override bool CanRefuse => true;
    public override bool IsRefused => stream is null || stream.IsRefused;
    public override bool IsConnectionEnding => Connection is { IsOpen: false } or { Draining: true };
    public override BodyFraming ResponseFraming => framing;
    public override PipeReader ResponseBody => Stream.Input;
    public override HeaderList ResponseTrailers => Stream.Trailers ?? noTrailers;

    public override bool EndsRequest => Stream.SendBuffer.IsUnwanted;

    /// <summary>The connection is shared and not at anybody's disposal.</summary>
    public override bool IsReusable => false;

    private Http2Connection Connection => shared ?? throw new InvalidOperationException("the exchange has no connection");

    private Http2Stream Stream => stream ?? throw new InvalidOperationException("the request was not started");

    public void Begin(Http2Connection connection)
    {
        shared = connection;
        protocol.Clear();
        acceptKey = [];
    }

    /// <exception cref="ConnectionBrokenException">The connection takes no stream any more; nothing was sent.</exception>
    /// <exception cref="HttpMessageException">502: the upstream does not take other protocols (RFC 8441).</exception>
    public override void StartRequest(RequestHead request, BodyFraming requestFraming)
    {
        var connection = Connection;
        bool upgrade = ExtendedConnect.IsUpgrade(request, requestFraming);
        if (upgrade) StartUpgrade(request.Headers);
        isHead = request.IsMethod("HEAD"u8);
        kept = connection.HasServed;
        var fields = connection.RentHeaders();
        Http2Messages.WriteRequest(request, upgrade, fields);
        try
        {
            stream = connection.Open(fields, endStream: !requestFraming.HasBody && !upgrade);
        }
        finally
        {
            connection.ReturnHeaders(fields);
        }
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
        var flush = Stream.Output.FlushAsync();
        if (!flush.IsCompletedSuccessfully) return Wait(flush);
        flush.GetAwaiter().GetResult();
        return default;
    }

    public override ValueTask FinishRequestAsync(HeaderList? trailers = null)
    {
        if (!protocol.IsEmpty || Stream.SendBuffer.EndRequested) return default;
        return trailers is null ? Stream.Output.CompleteAsync() : Stream.SendTrailersAsync(trailers);
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    public override async ValueTask<ResponseHead> ReadHeadAsync()
    {
        var fields = await Stream.ReadHeadersAsync(interim: true);
        Http2Messages.ReadResponse(fields, head);
        Stream.GiveBackHead();
        if (head.IsInterim) return head;
        if (!protocol.IsEmpty && head.Status is >= 200 and < 300) ExtendedConnect.ToSwitch(head, protocol.Span, acceptKey);
        bool bodiless = isHead || head.Status is 101 or 204 or 304 || Stream.IsHeadOnly;
        framing = bodiless ? BodyFraming.None : new BodyFraming(true, Stream.PromisedBytes);
        if (!bodiless && Stream.PromisedBytes == 0) ExpectTrailersOnly();
        return head;
    }

    public override Connection TakeOver() => tunnel = new TunnelConnection(Connection.Loop, Stream, Connection.Transport.LocalAddress, Connection.Transport.RemoteAddress);

    public override void Abort() => stream?.Reset(ErrorCode.Cancel);

    public override ValueTask DisposeAsync()
    {
        var (carried, closing) = (tunnel, stream);
        (shared, stream, tunnel) = (null, null, null);
        if (carried is not null) return carried.DisposeAsync();
        closing?.DisposeForReuse();
        return default;
    }

    /// <summary>A body of no bytes whose end did not come with the head: trailers will. With a length HTTP/1.1 could not carry them.</summary>
    private void ExpectTrailersOnly()
    {
        head.Headers.Remove("content-length"u8);
        framing = BodyFraming.Streamed;
    }

    private void StartUpgrade(HeaderList headers)
    {
        if (!Connection.Peer.EnableConnectProtocol)
            throw new HttpMessageException(502, "the upstream speaks HTTP/2 and does not offer other protocols over it (RFC 8441)");
        protocol.Set(UpgradeField.First(headers));
        if (headers.TryGet("sec-websocket-key"u8, out var key)) acceptKey = WebSocketFrames.AcceptKey(key);
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    private static async ValueTask Wait(ValueTask<FlushResult> flush) => await flush;
}
