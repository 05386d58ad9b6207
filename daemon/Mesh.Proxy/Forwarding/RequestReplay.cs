using System.Buffers;
using Mesh.Http;
using Mesh.Proxy.Failures;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Forwarding;

/// <summary>Whether a request can be sent once more as it was, and for that what was read of its body, up to a bound. One per forwarder, reused.</summary>
internal sealed class RequestReplay
{
    /// <summary>A larger body is sent once: keeping it would cost every upload a copy.</summary>
    internal const int MostBytes = 16 * 1024;

    /// <summary>A request that makes its application close every connection it comes by shall not go round all that are kept.</summary>
    private const int MostStaleRepeats = 3;

    /// <summary>Under load connections that an application ends by count end together: the next one may end too before it has come to the request.</summary>
    private const int MostMoves = 5;

    private const int SmallBytes = 1024; // most messages of gRPC

    private byte[] buffer = [];
    private byte[] small = [];
    private bool isWhole; // all that was read is here
    private bool isLent;
    private int repeats;

    public int Length { get; private set; }

    /// <summary>What was read. Valid until <see cref="Return"/>.</summary>
    public ReadOnlySequence<byte> Lend()
    {
        isLent = true;
        return new ReadOnlySequence<byte>(buffer, 0, Length);
    }

    public void Return()
    {
        isLent = false;
        if (!isWhole) Release();
    }

    /// <summary>A request of which nothing was read.</summary>
    public void Begin()
    {
        Release();
        isWhole = true;
        repeats = 0;
    }

    /// <summary>The request's head was sent, for the first time or again: whether its body is worth keeping.</summary>
    public void OnStarted(ServerExchange exchange, ClientExchange upstream)
    {
        if (Length == 0 && !upstream.CanRefuse && !(upstream.IsOnKeptConnection && IsIdempotent(exchange.Request))) Forget();
    }

    public void Add(in ReadOnlySequence<byte> read)
    {
        if (!isWhole) return;
        long length = Length + read.Length;
        if (length > MostBytes)
        {
            Forget();
            return;
        }
        if (length > buffer.Length) Grow(length);
        read.CopyTo(buffer.AsSpan(Length));
        Length = (int)length;
    }

    /// <summary>The request will not be sent again.</summary>
    public void Forget()
    {
        isWhole = false;
        if (!isLent) Release();
    }

    /// <summary>The upstream has not acted on the request (RFC 9113 8.7), or it closed a kept connection just when an idempotent one came (RFC 9110 9.2.2).</summary>
    /// <param name="retries">How often it may be refused.</param>
    public bool TryUse(ServerExchange exchange, ClientExchange upstream, Failure? failure, ref int retries)
    {
        if (failure is null || exchange.RequestFraming.HasBody && !isWhole) return false;
        if (failure.RetrySafe) return upstream.IsConnectionEnding ? repeats++ < MostMoves : retries-- > 0;
        bool isStale = failure.Flag == ResponseFlag.UC && upstream.BrokeWithKeptConnection && IsIdempotent(exchange.Request);
        return isStale && repeats++ < MostStaleRepeats;
    }

    private static bool IsIdempotent(RequestHead request) =>
        request.IsMethod("GET"u8) || request.IsMethod("HEAD"u8) || request.IsMethod("OPTIONS"u8)
        || request.IsMethod("PUT"u8) || request.IsMethod("DELETE"u8) || request.IsMethod("TRACE"u8);

    private void Grow(long length)
    {
        if (small.Length == 0) small = new byte[SmallBytes];
        byte[] larger = length <= SmallBytes ? small : ArrayPool<byte>.Shared.Rent(MostBytes);
        buffer.AsSpan(0, Length).CopyTo(larger);
        GiveBack();
        buffer = larger;
    }

    private void Release()
    {
        GiveBack();
        (buffer, Length) = ([], 0);
    }

    private void GiveBack()
    {
        if (buffer.Length > SmallBytes) ArrayPool<byte>.Shared.Return(buffer);
    }
}
