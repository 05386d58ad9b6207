using System.Net;
using Mesh.Soak.Bodies;

namespace Mesh.Soak.Loading;

/// <summary>A request's body: a piece of a seed's pattern, with or without a declared length, broken off if asked to.</summary>
/// <param name="breakAt">After how many bytes; -1: never.</param>
internal sealed class PatternContent(ulong seed, long length, bool declared, int piece, long breakAt = -1) : HttpContent
{
    public sealed class BrokenOffException() : IOException("broken off as planned");

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        byte[] buffer = new byte[piece];
        for (long sent = 0; sent < length;)
        {
            int count = (int)Math.Min(piece, length - sent);
            if (breakAt >= 0) count = (int)Math.Min(count, breakAt - sent);
            Pattern.Fill(seed, sent, buffer.AsSpan(0, count));
            await stream.WriteAsync(buffer.AsMemory(0, count));
            sent += count;
            if (sent != breakAt) continue;
            await stream.FlushAsync();
            throw new BrokenOffException();
        }
    }

    protected override bool TryComputeLength(out long value)
    {
        value = length;
        return declared;
    }
}
