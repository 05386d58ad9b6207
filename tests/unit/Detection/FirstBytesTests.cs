using System.Buffers;
using System.Text;
using Mesh.Http.Detection;
using Mesh.Kit.Tls;

namespace Mesh.Tests.Unit.Detection;

public sealed class FirstBytesTests
{
    private const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n", DetectedProtocol.Http1)]
    [InlineData("OPTIONS * HTTP/1.1\r\n", DetectedProtocol.Http1)]
    [InlineData("GET http://a/ HTTP/1.1\r\n", DetectedProtocol.Http1)]
    [InlineData("VERSION-CONTROL /x", DetectedProtocol.Http1)]
    [InlineData("PRI /x HTTP/1.1\r\n", DetectedProtocol.Http1)]
    [InlineData(Preface, DetectedProtocol.Http2)]
    [InlineData(Preface + "\0\0\0\u0004", DetectedProtocol.Http2)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", DetectedProtocol.Other)]
    [InlineData("\u0016\u0003\u0001\u0000\u0005\u0001", DetectedProtocol.Tls)]
    [InlineData("\u0016\u0003\u0001\u0000\u0005\u0002", DetectedProtocol.Other)]
    [InlineData("\u0016\u0003\u0001\u0000\u0000\u0001", DetectedProtocol.Other)]
    [InlineData("\u0016\u0003\u0001\u00ff\u00ff\u0001", DetectedProtocol.Other)]
    [InlineData("\u0016\u0002\u0001\u0000\u0005\u0001", DetectedProtocol.Other)]
    [InlineData("\u0016\u0003\u0005\u0000\u0005\u0001", DetectedProtocol.Other)]
    [InlineData("*1\r\n$4\r\nPING\r\n", DetectedProtocol.Other)]
    [InlineData("hello", DetectedProtocol.Other)]
    [InlineData("EHLO example.org\r\n", DetectedProtocol.Other)]
    [InlineData("\0\0\0\0", DetectedProtocol.Other)]
    [InlineData("ABCDEFGHIJKLMNOPQRSTUVWXYZ", DetectedProtocol.Other)]
    [InlineData("", DetectedProtocol.Unknown)]
    [InlineData("GET", DetectedProtocol.Unknown)]
    [InlineData("GET ", DetectedProtocol.Unknown)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r", DetectedProtocol.Unknown)]
    [InlineData("\u0016\u0003\u0001\u0000\u0005", DetectedProtocol.Unknown)]
    public void First_bytes_tell_the_protocol(string text, DetectedProtocol protocol) => Assert.Equal(protocol, Detect(Encoding.Latin1.GetBytes(text)));

    [Fact]
    public void Verdict_is_the_same_wherever_the_bytes_are_split_and_never_taken_back()
    {
        byte[][] inputs = [.. new[] { Preface + "abc", "GET / HTTP/1.1\r\n", "EHLO x\r\n", "PRI * HTTP/1.1\r\n" }.Select(Encoding.Latin1.GetBytes), new TestHello { ServerName = "a.b" }.ToBytes()];
        foreach (byte[] input in inputs)
        {
            var last = Detect(input);
            var seen = DetectedProtocol.Unknown;
            for (int length = 0; length <= input.Length; length++)
            {
                var now = FirstBytes.Detect(Segments.Of(input.AsSpan(0, length), at: length / 2));
                Assert.True(seen == DetectedProtocol.Unknown || seen == now, $"{seen} became {now} after {length} bytes");
                seen = now;
            }
            Assert.Equal(last, seen);
        }
    }

    private static DetectedProtocol Detect(byte[] bytes) => FirstBytes.Detect(new ReadOnlySequence<byte>(bytes));
}
