using System.Buffers;
using System.Text;
using Mesh.Http;

namespace Mesh.Tests.Unit.Http;

public sealed class GrpcTests
{
    [Theory]
    [InlineData("1H", 36_000_000_000)]
    [InlineData("90M", 54_000_000_000)]
    [InlineData("99999999S", 999_999_990_000_000)]
    [InlineData("250m", 2_500_000)]
    [InlineData("7u", 70)]
    [InlineData("1n", 1)]
    [InlineData("0m", 0)]
    public void Timeout_is_read_in_every_unit(string text, long ticks)
    {
        Assert.True(Grpc.TryParseTimeout(Encoding.ASCII.GetBytes(text), out var timeout));
        Assert.Equal(ticks, timeout.Ticks);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("S")]
    [InlineData("-1S")]
    [InlineData("1.5S")]
    [InlineData("123456789S")]
    [InlineData("10s")]
    [InlineData(" 1S")]
    public void Malformed_timeout_is_no_timeout(string text) => Assert.False(Grpc.TryParseTimeout(Encoding.ASCII.GetBytes(text), out _));

    [Theory]
    [InlineData(0.0000015, "1u")]
    [InlineData(2, "2000000u")]
    [InlineData(99.999999, "99999999u")]
    [InlineData(100, "100000m")]
    [InlineData(99_999.999, "99999999m")]
    [InlineData(100_000, "100000S")]
    [InlineData(1e9, "99999999S")]
    public void Timeout_is_written_in_the_finest_unit_that_fits(double seconds, string expected)
    {
        Span<byte> text = stackalloc byte[Grpc.MaxTimeoutText];
        int length = Grpc.WriteTimeout(TimeSpan.FromTicks((long)Math.Round(seconds * 1e7)), text);
        Assert.Equal(expected, Encoding.ASCII.GetString(text[..length]));
    }

    [Theory]
    [InlineData("application/grpc", true)]
    [InlineData("application/grpc+proto", true)]
    [InlineData("application/grpc;v=1", true)]
    [InlineData("application/grpc-web", false)]
    [InlineData("application/grpcx", false)]
    [InlineData("text/plain", false)]
    public void Call_is_known_by_its_content_type(string type, bool expected)
    {
        var headers = new HeaderList();
        headers.Add("content-type", type);
        Assert.Equal(expected, Grpc.IsGrpc(headers));
    }

    [Fact]
    public void Message_text_is_percent_encoded() => Assert.Equal("100%25 f%C3%BCr%0A", Grpc.EncodeMessage("100% für\n"));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(1000)]
    public void Messages_are_counted_however_they_are_cut(int piece)
    {
        byte[] body = [0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3, 1, 0, 0, 1, 0, .. new byte[256], 0, 0, 0, 0, 9, 1];
        var messages = new GrpcMessages();
        for (int i = 0; i < body.Length; i += piece) messages.Read(new ReadOnlySequence<byte>(body, i, Math.Min(piece, body.Length - i)));
        Assert.Equal(4, messages.Count);
    }
}
