using System.Buffers.Binary;
using Mesh.Kit.Machines;

namespace Mesh.Demo.Proofs;

/// <summary>tcpdump on one interface, and its file read back. Knows Ethernet, IPv4, IPv6 and TCP as far as ports and payload.</summary>
internal sealed class PacketCapture
{
    private const int FileHeader = 24;
    private const int RecordHeader = 16;
    private readonly Background tcpdump;
    private readonly string file;

    private PacketCapture(Background tcpdump, string file) => (this.tcpdump, this.file) = (tcpdump, file);

    public readonly record struct TcpPacket(int SourcePort, int DestinationPort, ReadOnlyMemory<byte> Payload);

    public static async Task<PacketCapture> StartAsync(Machine machine, string name, params string[] filter)
    {
        string file = Path.Combine(machine.Folder, $"{name}.pcap");
        var tcpdump = machine.Start($"tcpdump-{name}", ["tcpdump", "-i", "eth0", "-U", "-B", "16384", "-s", "0", "-Z", "root", "-w", file, .. filter]);
        await Until.TrueAsync("tcpdump listens", TimeSpan.FromSeconds(10), () => tcpdump.ReadLog().Contains("listening on", StringComparison.Ordinal), () => tcpdump.LogTail());
        return new(tcpdump, file);
    }

    /// <returns>The whole file, every frame as it was on the wire.</returns>
    public async Task<byte[]> StopAsync()
    {
        await tcpdump.SignalAsync("INT");
        await tcpdump.WaitForExitAsync(TimeSpan.FromSeconds(10));
        Claims.Must(tcpdump.ReadLog().Contains("0 packets dropped by kernel", StringComparison.Ordinal), $"the capture is incomplete: {tcpdump.LogTail(4)}");
        return await File.ReadAllBytesAsync(file);
    }

    public static int CountFrames(byte[] capture) => Frames(capture).Count();

    public static IEnumerable<TcpPacket> Tcp(byte[] capture) => Frames(capture).Select(Parse).OfType<TcpPacket>();

    private static IEnumerable<ReadOnlyMemory<byte>> Frames(byte[] capture)
    {
        for (int at = FileHeader; at + RecordHeader <= capture.Length;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(capture.AsSpan(at + 8));
            yield return capture.AsMemory(at + RecordHeader, length);
            at += RecordHeader + length;
        }
    }

    private static TcpPacket? Parse(ReadOnlyMemory<byte> frame)
    {
        var span = frame.Span;
        if (span.Length < 54) return null;
        int etherType = BinaryPrimitives.ReadUInt16BigEndian(span[12..]);
        bool v4 = etherType == 0x0800 && span[23] == 6;
        bool v6 = etherType == 0x86DD && span[20] == 6;
        if (!v4 && !v6) return null;
        int tcp = 14 + (v4 ? (span[14] & 0x0F) * 4 : 40);
        int end = 14 + (v4 ? BinaryPrimitives.ReadUInt16BigEndian(span[16..]) : 40 + BinaryPrimitives.ReadUInt16BigEndian(span[18..]));
        int payload = tcp + (span[tcp + 12] >> 4) * 4;
        return new TcpPacket(BinaryPrimitives.ReadUInt16BigEndian(span[tcp..]), BinaryPrimitives.ReadUInt16BigEndian(span[(tcp + 2)..]),
            frame[payload..Math.Max(payload, Math.Min(end, frame.Length))]);
    }
}
