using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Mesh.Io;

namespace Mesh.Http.Http1;

/// <summary>An HTTP/1.1 connection to an upstream: one exchange at a time, reused while both sides keep it. Owns the connection.</summary>
public sealed class Http1ClientConnection : ClientExchange
{
    private readonly HttpLimits limits;
    private readonly Http1MessageWriter writer;
    private readonly Http1BodyReader body;
    private readonly ResponseHead head = new();
    private bool isHead;
    private bool keepAlive;
    private bool headRead;
    private bool switched;

    public Http1ClientConnection(Connection connection, HttpLimits limits)
    {
        (Connection, this.limits) = (connection, limits);
        writer = new Http1MessageWriter(connection.Output);
        body = new Http1BodyReader(connection.Input, limits, statusOfFault: 502);
    }

    public Connection Connection { get; }

    /// <summary>Exchanges started so far.</summary>
    public int ExchangeCount { get; private set; }

    public override bool IsOnKeptConnection => ExchangeCount > 1;
    public override bool CanRefuse => false;
    public override bool IsRefused => false;
    public override bool IsConnectionEnding => false;

    public override BodyFraming ResponseFraming => framing;

    private BodyFraming framing;

    public override PipeReader ResponseBody => body;
    public override HeaderList ResponseTrailers => body.Trailers;
    public override bool EndsRequest => headRead && !keepAlive && !switched;
    public override bool IsReusable => keepAlive && headRead && writer.Ended && body.Ended && !switched;

    /// <summary>The exchange is over, and what was read of its head is not needed any more.</summary>
    public void Rest() => head.Release();

    /// <summary>Looks whether an idle connection is still good: the upstream has neither closed it nor sent anything unasked.</summary>
    public bool IsStillIdle()
    {
        try
        {
            return !Connection.Input.TryRead(out _);
        }
        catch (ConnectionBrokenException)
        {
            return false;
        }
    }

    public override void StartRequest(RequestHead request, BodyFraming requestFraming)
    {
        ExchangeCount++;
        isHead = request.IsMethod("HEAD"u8);
        keepAlive = headRead = false;
        var mode = !requestFraming.HasBody ? BodyMode.None : requestFraming.IsStreamed ? BodyMode.Chunked : BodyMode.Length;
        writer.WriteRequestHead(request, mode, requestFraming.Length);
    }

    public override ValueTask WriteAsync(ReadOnlySequence<byte> data) => writer.WriteBodyAsync(data);

    public override ValueTask FlushAsync() => writer.FlushAsync();

    public override ValueTask FinishRequestAsync(HeaderList? trailers = null)
    {
        writer.EndBody(trailers);
        return writer.FlushAsync();
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    public override async ValueTask<ResponseHead> ReadHeadAsync()
    {
        while (true)
        {
            var read = await Connection.Input.ReadAsync();
            if (Http1Parser.TryParseResponse(read.Buffer, limits, head, out int headLength))
            {
                Connection.Input.AdvanceTo(read.Buffer.GetPosition(headLength));
                if (!head.IsInterim || head.Status == 101) StartResponse();
                return head;
            }
            bool nothing = read.Buffer.IsEmpty;
            Connection.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (!read.IsCompleted) continue;
            throw nothing
                ? new ConnectionBrokenException(BreakKind.Reset, $"{Connection.RemoteAddress} closed the connection without a response")
                : new HttpMessageException(502, "the upstream's response ended inside the header");
        }
    }

    public override Connection TakeOver() => Connection;

    public override void Abort() => Connection.Abort();

    public override ValueTask DisposeAsync() => Connection.DisposeAsync();

    private void StartResponse()
    {
        headRead = true;
        switched = head.Status == 101;
        var (mode, length) = Http1Framing.OfResponse(head, isHead);
        framing = mode switch
        {
            BodyMode.None => BodyFraming.None,
            BodyMode.Length => BodyFraming.OfLength(length),
            _ => BodyFraming.Streamed,
        };
        body.Start(mode, length);
        keepAlive = mode != BodyMode.UntilClose && Http1Framing.IsPersistent(head.Headers, head.IsHttp10);
    }
}
