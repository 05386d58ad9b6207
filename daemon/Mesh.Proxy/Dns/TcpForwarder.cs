using System.Buffers.Binary;
using Mesh.Io;

namespace Mesh.Proxy.Dns;

/// <summary>Asks resolvers over TCP, with a connection per question. Lives on one loop.</summary>
internal sealed class TcpForwarder(DnsOptions options, SocketFactory sockets, Loop loop, Random random, ResolverOrder order)
{
    /// <summary>One server after the other.</summary>
    /// <param name="preferred">The server that the client itself tried to reach, if the kernel knows.</param>
    /// <returns>The answer with the client's id, or null when no server gave one in time.</returns>
    internal async ValueTask<byte[]?> AskAsync(byte[] query, DnsQuestion question, IpPort? preferred)
    {
        var servers = order.For(preferred);
        for (int i = 0; i < servers.Count; i++)
        {
            if (await AskOneAsync(query, question, servers[i]) is not { } answer) continue;
            bool isRefusal = (DnsCode)(answer[3] & 0xf) is DnsCode.ServerFailure or DnsCode.NotImplemented or DnsCode.Refused;
            if (!isRefusal || i == servers.Count - 1) return answer;
        }
        return null;
    }

    /// <returns>The answer with the client's id, or null when there was none in time.</returns>
    internal async ValueTask<byte[]?> AskOneAsync(ReadOnlyMemory<byte> query, DnsQuestion question, IpPort server)
    {
        ushort id = (ushort)random.Next(ushort.MaxValue + 1);
        var message = query.ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(message, id);
        var answer = await ExchangeAsync(server, message, question with { Id = id });
        if (answer is null)
        {
            order.WasSilent(server);
            return null;
        }
        order.Answered(server);
        BinaryPrimitives.WriteUInt16BigEndian(answer, question.Id);
        return answer;
    }

    private async ValueTask<byte[]?> ExchangeAsync(IpPort server, byte[] message, DnsQuestion question)
    {
        Connection? connection = null;
        var deadline = new LoopTimer(loop.Timers, state => connection?.Abort(), null);
        try
        {
            connection = await sockets.ConnectAsync(loop, server, new(options.ServerTimeout, Mark: options.Mark));
            deadline.Arm(options.ServerTimeout);
            await DnsStream.WriteAsync(connection.Output, message);
            var answer = await DnsStream.ReadAsync(connection.Input, DnsStream.MaxMessageLength);
            return answer is not null && DnsQuestion.IsAnswer(answer, question) ? answer : null;
        }
        catch (ConnectionBrokenException)
        {
            return null;
        }
        finally
        {
            deadline.Cancel();
            if (connection is not null) await connection.DisposeAsync();
        }
    }
}
