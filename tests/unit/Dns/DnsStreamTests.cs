using System.Buffers;
using Mesh.Kit.Connections;
using Mesh.Proxy.Dns;

namespace Mesh.Tests.Unit.Dns;

public sealed class DnsStreamTests
{
    private static readonly byte[] First = DnsMessages.Query("catalog.shop.mesh", DnsWire.TypeA);
    private static readonly byte[] Second = DnsMessages.Query("example.com", DnsWire.TypeAaaa, edns: true);

    [Fact]
    public void Messages_are_the_same_wherever_their_bytes_are_split()
    {
        byte[] input = [0, (byte)First.Length, .. First, 0, (byte)Second.Length, .. Second];
        for (int split = 0; split <= input.Length; split++)
        {
            var loop = new TestLoop();
            var (client, server) = MemoryConnection.Pair(loop);
            var messages = loop.Run(async () =>
            {
                var reading = ReadAllAsync(server);
                client.Output.Write(input.AsSpan(0, split));
                await client.Output.FlushAsync();
                client.Output.Write(input.AsSpan(split));
                await client.Output.CompleteAsync();
                return await reading;
            });
            Assert.Equal([First, Second], messages);
        }
    }

    [Fact]
    public void Stream_that_ends_inside_a_message_ends_without_it()
    {
        byte[] input = [0, (byte)First.Length, .. First];
        for (int length = 0; length < input.Length; length++)
        {
            var loop = new TestLoop();
            var (client, server) = MemoryConnection.Pair(loop);
            Assert.Empty(loop.Run(async () =>
            {
                client.Output.Write(input.AsSpan(0, length));
                await client.Output.CompleteAsync();
                return await ReadAllAsync(server);
            }));
        }
    }

    [Fact]
    public void Message_longer_than_allowed_ends_the_stream_before_it_has_come()
    {
        var loop = new TestLoop();
        var (client, server) = MemoryConnection.Pair(loop);
        Assert.Empty(loop.Run(async () =>
        {
            client.Output.Write((byte[])[0x10, 1]);
            await client.Output.FlushAsync();
            return await ReadAllAsync(server);
        }));
    }

    private static async Task<List<byte[]>> ReadAllAsync(MemoryConnection server)
    {
        var messages = new List<byte[]>();
        while (await DnsStream.ReadAsync(server.Input, DnsWire.MaxQueryLength) is { } message) messages.Add(message);
        return messages;
    }
}
