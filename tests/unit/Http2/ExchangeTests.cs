using System.Buffers;
using System.Text;
using Mesh.Http;
using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Kit.Connections;
using Mesh.Kit.Http2;

namespace Mesh.Tests.Unit.Http2;

public class ExchangeTests
{
    private readonly TestLoop loop = new();

    [Fact]
    public void Request_and_response_with_bodies_and_trailers_arrive_whole()
    {
        var pair = new Http2Pair(loop);
        loop.Run(async () =>
        {
            var request = await pair.Client.OpenAsync(Heads.Request("POST", "/echo"), endStream: false);
            await request.Output.WriteAsync("hello"u8.ToArray());
            await request.Output.CompleteAsync();

            var served = await pair.Server.AcceptAsync() ?? throw new InvalidOperationException($"server: {pair.Server.EndReason}, client: {pair.Client.EndReason}");
            Assert.Equal("/echo", Heads.Text(served.Headers, ":path"));
            Assert.Equal("hello", await Bodies.ReadTextAsync(served.Input));
            await served.SendHeadersAsync(Heads.Response(200), endStream: false);
            await served.Output.WriteAsync("world"u8.ToArray());
            var trailers = new HeaderList();
            trailers.Add("grpc-status", "0");
            await served.SendTrailersAsync(trailers);
            served.Dispose();

            Assert.Equal("200", Heads.Text(await request.ReadHeadersAsync(), ":status"));
            Assert.Equal("world", await Bodies.ReadTextAsync(request.Input));
            Assert.Equal("0", Heads.Text(request.Trailers!, "grpc-status"));
            request.Dispose();
            Assert.Equal(0, pair.Client.ActiveStreams);
            Assert.Equal(0, pair.Server.ActiveStreams);
        });
    }
}
