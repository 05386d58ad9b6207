using System.Text;
using Mesh.Load.Responses;

namespace Mesh.Tests.Unit.Load;

public sealed class ResponseReaderTests
{
    private const string Good = "HTTP/1.1 200 OK\r\nServer: x\r\nContent-length:  5\r\n\r\nhello";

    private static ResponseReader Reader() => new(new("hello"u8.ToArray()));

    [Fact]
    public void A_response_split_at_every_byte_is_complete_with_its_last_byte_only()
    {
        for (int split = 1; split < Good.Length; split++)
        {
            var reader = Reader();
            Assert.False(reader.Take(Encoding.ASCII.GetBytes(Good[..split])), $"complete after {split} bytes");
            Assert.True(reader.Take(Encoding.ASCII.GetBytes(Good[split..])), $"not complete when split at {split}");
        }
    }

    [Fact]
    public void Responses_follow_each_other_byte_by_byte()
    {
        var reader = Reader();
        int complete = Encoding.ASCII.GetBytes(Good + Good + Good).Count(value => reader.Take([value]));
        Assert.Equal(3, complete);
    }

    [Theory]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nhello", "503")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!", "announced")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Content-Length: 5\r\n\r\nhello", "did not announce")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo", "another body")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloo", "more bytes")]
    public void Another_response_than_expected_is_said(string response, string reason)
    {
        var error = Assert.Throws<WrongResponseException>(() => Reader().Take(Encoding.ASCII.GetBytes(response)));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_without_end_is_refused() => Assert.Throws<WrongResponseException>(() => Reader().Take(new byte[9000]));
}
