using System.Buffers;
using System.Text;
using Mesh.Http.Detection;
using Mesh.Kit.Tls;

namespace Mesh.Tests.Fuzz.Detection;

/// <summary>First bytes of connections: the same verdict wherever they are split, no look beyond the bounds, and a name only in the form of a host name.</summary>
internal sealed class ClientHelloTarget : IFuzzTarget
{
    public string Name => "client-hello";

    public IEnumerable<byte[]> Seeds =>
    [
        new TestHello { ServerName = "a.example.com" }.ToBytes(),
        new TestHello { ServerName = "public.example", IsEncrypted = true, RecordBytes = 40 }.ToBytes(),
        new TestHello { HasExtensions = false, RecordBytes = 3 }.ToBytes(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(),
        "GET / HTTP/1.1\r\n"u8.ToArray(),
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        var pieces = Pieces.Of(input);
        var whole = new ReadOnlySequence<byte>(input.ToArray());
        var protocol = FirstBytes.Detect(whole);
        var (atOnce, growing) = (new ClientHelloReader(), new ClientHelloReader());
        var state = atOnce.Read(whole);
        var last = ClientHelloState.NeedsMore;
        var seen = DetectedProtocol.Unknown;
        for (int count = 1; count <= pieces.Count && last == ClientHelloState.NeedsMore; count++)
        {
            var sequence = Pieces.Sequence(pieces[..count]);
            last = growing.Read(sequence);
            seen = FirstBytes.Detect(sequence);
        }
        Assert.Equal((state, Text(atOnce)), (last, Text(growing)));
        if (state == ClientHelloState.Read) Assert.Equal((DetectedProtocol.Tls, DetectedProtocol.Tls), (protocol, seen));
        if (input.Length > ClientHelloReader.MaxBytes + (1 << 14) + 10) Assert.NotEqual(ClientHelloState.NeedsMore, state);
    }

    private static string Text(ClientHelloReader reader)
    {
        if (reader.Hello is not { } hello) return reader.Problem;
        string name = Encoding.Latin1.GetString(hello.ServerName.Span);
        Assert.True(name.Length <= 253 && name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.' or '_'), $"'{name}' is taken for a host");
        return $"{name} {hello.IsEncrypted}";
    }
}
