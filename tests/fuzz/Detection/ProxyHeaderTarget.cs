using System.Buffers;
using Mesh.Http.ProxyProtocol;
using Mesh.Io;

namespace Mesh.Tests.Fuzz.Detection;

/// <summary>PROXY headers: accepted or not wherever they are split, never longer than the bound.</summary>
internal sealed class ProxyHeaderTarget : IFuzzTarget
{
    private static readonly byte[] start = [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];

    public string Name => "proxy-header";

    public IEnumerable<byte[]> Seeds =>
    [
        "PROXY TCP4 192.0.2.1 192.0.2.2 12345 80\r\nGET /"u8.ToArray(),
        "PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n"u8.ToArray(),
        "PROXY UNKNOWN x\r\n"u8.ToArray(),
        [.. start, 0x21, 0x11, 0, 12, 192, 0, 2, 1, 192, 0, 2, 2, 0x30, 0x39, 0, 80],
        [.. start, 0x21, 0x11, 0, 19, 192, 0, 2, 1, 192, 0, 2, 2, 0x30, 0x39, 0, 80, 3, 0, 4, 1, 2, 3, 4],
        [.. start, 0x21, 0x21, 0, 36, .. new byte[36]],
        [.. start, 0x20, 0, 0, 0],
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        var pieces = Pieces.Of(input);
        string atOnce = Read(new ReadOnlySequence<byte>(input.ToArray()));
        string growing = "more";
        for (int count = 1; count <= pieces.Count && growing == "more"; count++) growing = Read(Pieces.Sequence(pieces[..count]));
        Assert.Equal(atOnce, growing);
        if (input.Length >= ProxyHeaderReader.MaxBytes) Assert.NotEqual("more", atOnce);
    }

    private static string Read(in ReadOnlySequence<byte> bytes)
    {
        try
        {
            if (!ProxyHeaderReader.TryRead(bytes, out var header, out int length)) return "more";
            Assert.InRange(length, 1, ProxyHeaderReader.MaxBytes);
            return $"{length} {Text(header.Source)} {Text(header.Destination)}";
        }
        catch (ProxyHeaderException)
        {
            return "refused";
        }
    }

    private static string Text(IpPort? address) => address?.ToString() ?? "-";
}
