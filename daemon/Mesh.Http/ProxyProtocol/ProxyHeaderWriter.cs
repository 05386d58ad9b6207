using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Mesh.Io;
using Mesh.Io.Tls;

namespace Mesh.Http.ProxyProtocol;

public static class ProxyHeaderWriter
{
    private const int FixedAndAddressBytes = 64;

    /// <summary>Begins a connection with a header of version 2 and sends it, because a server may wait for it before it speaks.</summary>
    /// <param name="identity">The client's, as field 0xD0; null: the client proved none.</param>
    /// <exception cref="ConnectionBrokenException">The connection broke.</exception>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder))]
    public static async ValueTask SendAsync(PipeWriter output, IpPort client, IpPort server, SpiffeId? identity)
    {
        string text = identity?.ToString() ?? "";
        output.Advance(Write(output.GetSpan(FixedAndAddressBytes + text.Length), client, server, text));
        await output.FlushAsync();
    }

    private static int Write(Span<byte> target, IpPort client, IpPort server, string identity)
    {
        Span<byte> ascii = identity.Length <= 512 ? stackalloc byte[identity.Length] : new byte[identity.Length];
        System.Text.Encoding.ASCII.GetBytes(identity, ascii);
        return ProxyHeaderV2.Write(target, client, server, ascii);
    }
}
