using System.Buffers.Binary;
using Mesh.Io;

namespace Mesh.Proxy.Dns;

/// <summary>Asks the workload's previous resolvers over TCP, one after the other, with a connection per question. Lives on one loop.</summary>
internal sealed class TcpForwarder(DnsOptions options, SocketFactory sockets, Loop loop, Random random)
{
    /// <param name="preferred">The server that the client itself tried to reach, if the kernel knows; asked first.</param>
    /// <returns>The answer with the client's id, or null when no server gave one in time.</returns>
    internal async ValueTask<byte[]?> AskAsync(byte[] query, DnsQuestion question, IpPort? preferred)
    {
        ushort id = (ushort)random.Next(ushort.MaxValue + 1);
        var message = query.ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(message, id);
        foreach (var server in Servers(preferred))
        {
            if (await ExchangeAsync(server, message, question with { Id = id }) is not { } answer) continue;
            BinaryPrimitives.WriteUInt16BigEndian(answer, question.Id);
            return answer;
        }
        return null;
    }

    private IEnumerable<IpPort> Servers(IpPort? preferred) =>
        preferred is { } first ? options.Resolvers.Where(server => server != first).Prepend(first) : options.Resolvers;

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
            bool isAnswer = answer is not null && DnsQuestion.TryReadAnswer(answer, out var answered) && answered.Id == question.Id && answered.IsSameQuestion(question);
            return isAnswer ? answer : null;
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
