using System.Text;

namespace Mesh.Demo.Proofs;

/// <summary>Looks at every frame between the machines since before the first request. The controller's connections are among them.</summary>
internal sealed class WireIsEncrypted(PacketCapture capture) : IProof
{
    private const int TunnelPort = 15008;

    public string Claim => "between the machines there is TLS 1.3 on 15008 and not one byte of the payload in the clear";

    public async Task<string> ProveAsync(World world)
    {
        byte[] frames = await capture.StopAsync();
        byte[] marker = Encoding.ASCII.GetBytes(World.Marker);
        Claims.Must(frames.AsSpan().IndexOf(marker) < 0, "the marker is on the wire in the clear");
        Claims.Must(frames.AsSpan().IndexOf("GET /"u8) < 0 && frames.AsSpan().IndexOf("catalog v"u8) < 0, "HTTP is on the wire in the clear");

        var tunnel = PacketCapture.Tcp(frames).Where(packet => packet.SourcePort == TunnelPort || packet.DestinationPort == TunnelPort).ToList();
        int hellos = tunnel.Count(packet => packet.SourcePort == TunnelPort && IsServerHello(packet.Payload.Span));
        int modern = tunnel.Count(packet => packet.SourcePort == TunnelPort && IsServerHello(packet.Payload.Span) && ChoosesTls13(packet.Payload.Span));
        Claims.Must(hellos > 0 && hellos == modern, $"{hellos} handshakes seen on {TunnelPort}, {modern} of them TLS 1.3");
        long bytes = tunnel.Sum(packet => (long)packet.Payload.Length);
        Claims.Must(bytes > 2000 * World.Marker.Length, $"only {bytes} bytes passed through the tunnel: the requests went elsewhere");
        return $"{PacketCapture.CountFrames(frames)} frames, {bytes / 1024} KiB on {TunnelPort}, {modern} TLS 1.3 handshakes, marker found 0 times (sent more than 2,000 times)";
    }

    /// <summary>A record of type handshake that starts with a ServerHello (RFC 8446, 4.1.3).</summary>
    private static bool IsServerHello(ReadOnlySpan<byte> payload) => payload.Length > 6 && payload[0] == 0x16 && payload[1] == 3 && payload[5] == 2;

    /// <summary>The extension supported_versions with the value 0x0304 (RFC 8446, 4.2.1).</summary>
    private static bool ChoosesTls13(ReadOnlySpan<byte> payload) => payload.IndexOf((ReadOnlySpan<byte>)[0x00, 0x2b, 0x00, 0x02, 0x03, 0x04]) >= 0;
}
