using System.Buffers;
using System.Text;
using Mesh.Http.Resp;

namespace Mesh.Tests.Unit.Resp;

public sealed class RespDetectionTests
{
    [Theory]
    [InlineData("*1\r\n$4\r\nPING\r\n", true)]
    [InlineData("*12\r\n$4\r\nmset", true)]
    [InlineData("*3\r\n$3\r\ns", true)]
    [InlineData("*3\r\n$11\r\nPSUBSCRIBE", true)]
    [InlineData("*3\r\n$3\r\n", null)]
    [InlineData("*3\r\n$", null)]
    [InlineData("*3\r", null)]
    [InlineData("*", null)]
    [InlineData("", null)]
    [InlineData("*0\r\n", false)]
    [InlineData("*-1\r\n", false)]
    [InlineData("*03\r\n", false)]
    [InlineData("*3\n", false)]
    [InlineData("*3\r\n$333\r\n", false)]
    [InlineData("*3\r\n$3\r\n ", false)]
    [InlineData("*3\r\n+", false)]
    [InlineData("*99999999999", false)]
    [InlineData("PING\r\n", false)]
    [InlineData("GET / HTTP/1.1\r\n", false)]
    [InlineData("\u0016\u0003\u0001", false)]
    public void First_bytes_decide(string text, bool? expected)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        Assert.Equal(expected, RespDetection.IsResp(new ReadOnlySequence<byte>(bytes)));
        for (int length = 0; length < bytes.Length; length++)
        {
            bool? early = RespDetection.IsResp(new ReadOnlySequence<byte>(bytes, 0, length));
            Assert.True(early is null || early == expected, $"after {length} bytes {early}, then {expected}");
        }
    }
}
