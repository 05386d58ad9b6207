using System.IO.Pipelines;
using Mesh.Protocol.Config;
using Mesh.Protocol.Grpc;

namespace Mesh.Tests.Unit.Protocol.Grpc;

public sealed class GrpcFramingTests
{
    [Fact]
    public async Task Messages_split_at_every_byte_are_read_whole()
    {
        byte[] bytes = await FramesAsync(new Service { Name = "a" }, new Service(), new Service { Name = "catalog", Namespace = "shop" });
        for (int split = 0; split <= bytes.Length; split++)
        {
            var pipe = new Pipe();
            var reader = new GrpcReader<Service>(pipe.Reader, Service.Parser, GrpcLimits.Default);
            await pipe.Writer.WriteAsync(bytes.AsMemory(0, split));
            var first = reader.ReadAsync();
            await pipe.Writer.WriteAsync(bytes.AsMemory(split));
            pipe.Writer.Complete();

            Assert.Equal("a", (await first)!.Name);
            Assert.Equal("", (await reader.ReadAsync())!.Name);
            Assert.Equal("catalog", (await reader.ReadAsync())!.Name);
            Assert.Null(await reader.ReadAsync());
        }
    }

    [Fact]
    public async Task Stream_cut_off_inside_a_message_is_an_error_at_every_byte()
    {
        byte[] bytes = await FramesAsync(new Service { Name = "catalog" });
        for (int length = 1; length < bytes.Length; length++)
        {
            var error = await Assert.ThrowsAsync<GrpcException>(() => ReadAsync(bytes[..length]));
            Assert.Equal(GrpcStatusCode.Internal, error.Status.Code);
        }
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 0, 0, 0 }, GrpcStatusCode.Unimplemented)]
    [InlineData(new byte[] { 0, 0, 0x40, 0, 1 }, GrpcStatusCode.ResourceExhausted)]
    [InlineData(new byte[] { 0, 0xFF, 0xFF, 0xFF, 0xFF }, GrpcStatusCode.ResourceExhausted)]
    [InlineData(new byte[] { 0, 0, 0, 0, 2, 0x0A, 0x05 }, GrpcStatusCode.InvalidArgument)]
    public async Task Bad_frame_has_its_status(byte[] bytes, GrpcStatusCode expected)
    {
        var error = await Assert.ThrowsAsync<GrpcException>(() => ReadAsync(bytes));
        Assert.Equal(expected, error.Status.Code);
    }

    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("100%", "100%25")]
    [InlineData("größe\n", "gr%C3%B6%C3%9Fe%0A")]
    [InlineData("", "")]
    public void Message_text_is_encoded_and_decoded(string text, string encoded)
    {
        Assert.Equal(encoded, GrpcMessageText.Encode(text));
        Assert.Equal(text, GrpcMessageText.Decode(encoded));
    }

    [Theory]
    [InlineData("%", "%")]
    [InlineData("%zz", "%zz")]
    [InlineData("a%4", "a%4")]
    public void Broken_escape_is_taken_as_it_is(string encoded, string text) => Assert.Equal(text, GrpcMessageText.Decode(encoded));

    [Fact]
    public void Long_message_text_is_cut() =>
        Assert.InRange(GrpcMessageText.Encode(new string('ö', 10_000)).Length, 2000, GrpcMessageText.MaxEncodedLength);

    [Theory]
    [InlineData("0", GrpcStatusCode.Ok)]
    [InlineData("7", GrpcStatusCode.PermissionDenied)]
    [InlineData("17", GrpcStatusCode.Unknown)]
    [InlineData("-1", GrpcStatusCode.Unknown)]
    [InlineData(null, GrpcStatusCode.Unknown)]
    public void Status_is_read_from_trailers(string? status, GrpcStatusCode expected) => Assert.Equal(expected, GrpcStatus.Parse(status, null).Code);

    [Theory]
    [InlineData(200, "application/grpc", null)]
    [InlineData(200, "text/html", GrpcStatusCode.Unknown)]
    [InlineData(503, "text/plain", GrpcStatusCode.Unavailable)]
    [InlineData(404, null, GrpcStatusCode.Unimplemented)]
    public void Http_answer_that_is_not_grpc_has_a_status(int status, string? contentType, GrpcStatusCode? expected) =>
        Assert.Equal(expected, GrpcStatus.OfHttp(status, contentType)?.Code);

    private static async Task<byte[]> FramesAsync(params Service[] messages)
    {
        var stream = new MemoryStream();
        var output = PipeWriter.Create(stream);
        var writer = new GrpcWriter<Service>(output);
        foreach (var message in messages) await writer.WriteAsync(message);
        return stream.ToArray();
    }

    private static async Task<Service?> ReadAsync(byte[] bytes) =>
        await new GrpcReader<Service>(PipeReader.Create(new MemoryStream(bytes)), Service.Parser, GrpcLimits.Default).ReadAsync();
}
