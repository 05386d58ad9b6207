using System.Buffers.Binary;
using System.Text;
using Mesh.Proxy.Dns;

namespace Mesh.Tests.Unit.Dns;

internal static class DnsMessages
{
    internal static byte[] Query(string name, ushort type, ushort id = 0x1234, bool edns = false)
    {
        var message = new List<byte> { (byte)(id >> 8), (byte)id, 1, 0, 0, 1, 0, 0, 0, 0, 0, (byte)(edns ? 1 : 0) };
        foreach (string label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            message.Add((byte)label.Length);
            message.AddRange(Encoding.ASCII.GetBytes(label));
        }
        message.AddRange([0, (byte)(type >> 8), (byte)type, 0, 1]);
        if (edns) message.AddRange([0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0]);
        return [.. message];
    }

    /// <summary>A record for the name asked for.</summary>
    internal static byte[] Record(ushort type, uint ttl, params byte[] data)
    {
        byte[] record = [0xc0, 12, (byte)(type >> 8), (byte)type, 0, 1, 0, 0, 0, 0, (byte)(data.Length >> 8), (byte)data.Length, .. data];
        BinaryPrimitives.WriteUInt32BigEndian(record.AsSpan(6), ttl);
        return record;
    }

    /// <summary>Start of authority of the root, as authority.</summary>
    internal static byte[] Authority(uint ttl, uint minimum)
    {
        byte[] record = [0, .. Record(DnsWire.TypeSoa, ttl, new byte[22])[2..]];
        BinaryPrimitives.WriteUInt32BigEndian(record.AsSpan(record.Length - 4), minimum);
        return record;
    }

    /// <summary>An answer with records behind the question.</summary>
    internal static byte[] AnswerTo(byte[] query, byte[][] answers, byte[][]? authorities = null, DnsCode code = DnsCode.NoError)
    {
        byte[] answer = [.. AnswerTo(query, code), .. answers.SelectMany(static record => record), .. (authorities ?? []).SelectMany(static record => record)];
        answer[7] = (byte)answers.Length;
        answer[9] = (byte)(authorities?.Length ?? 0);
        return answer;
    }

    /// <summary>An empty answer to a question.</summary>
    internal static byte[] AnswerTo(byte[] query, DnsCode code = DnsCode.NoError)
    {
        var answer = query.ToArray();
        answer[2] |= 0x80;
        answer[3] = (byte)code;
        return answer;
    }
}
