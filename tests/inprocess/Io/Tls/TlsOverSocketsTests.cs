using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Certificates;
using Mesh.Kit.Connections;
using Mesh.Kit.Measuring;

namespace Mesh.Tests.InProcess.Io.Tls;

public sealed class TlsOverSocketsTests : IDisposable
{
    private readonly TestAuthority authority = new();
    private readonly Loopback loopback = new();

    public void Dispose()
    {
        loopback.Dispose();
        authority.Dispose();
    }

    [Fact]
    public async Task Hundred_megabytes_arrive_whole()
    {
        const int total = 100_000_000;
        var received = new TaskCompletionSource<(long Length, string Hash)>();
        var server = Serve(async connection => received.SetResult(await HashAsync(connection)));
        string sent = "";
        await loopback.RunAsync(async () =>
        {
            await using var client = await ConnectAsync(server);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var random = new Random(3);
            var chunk = new byte[100_000];
            for (int at = 0; at < total; at += chunk.Length)
            {
                random.NextBytes(chunk);
                hash.AppendData(chunk);
                await client.Output.WriteAsync(chunk);
            }
            sent = Convert.ToHexString(hash.GetCurrentHash());
            await client.Output.CompleteAsync();
        });
        var (length, got) = await received.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal((total, sent), (length, got));
        Assert.Empty(loopback.Escaped);
    }

    [Fact]
    public async Task Messages_back_and_forth_allocate_nothing()
    {
        const int messages = 5_000;
        var server = Serve(EchoAsync);
        long allocated = -1;
        await loopback.RunAsync(async () =>
        {
            await using var client = await ConnectAsync(server);
            var message = new byte[200];
            allocated = await Allocation.OfAsync(async () =>
            {
                for (int i = 0; i < messages; i++)
                {
                    await client.Output.WriteAsync(message);
                    for (int missing = message.Length; missing > 0;)
                    {
                        var result = await client.Input.ReadAsync();
                        missing -= (int)result.Buffer.Length;
                        client.Input.AdvanceTo(result.Buffer.End);
                    }
                }
            });
            await client.Output.CompleteAsync();
        });
        Assert.InRange(allocated, 0, 400); // the async method of a round
    }

    private IpPort Serve(Func<SecureConnection, Task> serve)
    {
        var context = authority.Context(TlsPair.ServerUri);
        return loopback.Listen(async transport =>
        {
            await using var connection = await context.AcceptAsync(transport, ["h2"], TlsPair.Timeout);
            await serve(connection);
        });
    }

    private async Task<SecureConnection> ConnectAsync(IpPort server) =>
        await authority.Context(TlsPair.ClientUri).ConnectAsync(await loopback.ConnectAsync(server), ["h2"], TlsPair.Timeout);

    private static async Task<(long Length, string Hash)> HashAsync(Connection connection)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long length = 0;
        while (true)
        {
            var result = await connection.Input.ReadAsync();
            foreach (var segment in result.Buffer) hash.AppendData(segment.Span);
            length += result.Buffer.Length;
            connection.Input.AdvanceTo(result.Buffer.End);
            if (!result.IsCompleted) continue;
            await connection.Output.CompleteAsync();
            return (length, Convert.ToHexString(hash.GetCurrentHash()));
        }
    }

    private static async Task EchoAsync(Connection connection)
    {
        while (true)
        {
            var result = await connection.Input.ReadAsync();
            foreach (var segment in result.Buffer) connection.Output.Write(segment.Span);
            connection.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted) break;
            await connection.Output.FlushAsync();
        }
        await connection.Output.CompleteAsync();
    }
}
