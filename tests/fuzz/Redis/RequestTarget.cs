using System.Text;
using Mesh.Http.Resp;

namespace Mesh.Tests.Fuzz.Redis;

/// <summary>Requests to Redis: the same commands and keys wherever they are split.</summary>
internal sealed class RequestTarget : IFuzzTarget
{
    public string Name => "redis-requests";

    public IEnumerable<byte[]> Seeds => Examples;

    public static readonly byte[][] Examples =
    [
        "*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\nv\r\n\r\nget \"a\\x41\" 'b'\r\n"u8.ToArray(),
        "*1\r\n$5\r\nMULTI\r\n*5\r\n$4\r\nMSET\r\n$1\r\na\r\n$1\r\n1\r\n$8\r\nsecret:b\r\n$1\r\n2\r\n*1\r\n$4\r\nEXEC\r\n"u8.ToArray(),
        "*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$4\r\nSKIP\r\n*1\r\n$8\r\nFLUSHALL\r\n*0\r\n*-1\r\nflushall\r\n"u8.ToArray(),
        "*5\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n2\r\n$1\r\na\r\n$8\r\nsecret:b\r\n"u8.ToArray(),
        "*7\r\n$5\r\nXREAD\r\n$5\r\nCOUNT\r\n$1\r\n1\r\n$7\r\nSTREAMS\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\n0\r\n"u8.ToArray(),
        "sort a by x get # store secret:x\nzunionstore d 2 a b\nsubscribe a b\nhello 3\nmonitor\nreset\nclient tracking on bcast\n"u8.ToArray(),
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        string whole = Read([input.ToArray()]);
        Assert.Equal(whole, Read(Pieces.Of(input)));
        Assert.Equal(whole, Read([.. input.ToArray().Select(static b => new[] { b })]));
    }

    private static string Read(List<byte[]> pieces)
    {
        var text = new StringBuilder();
        var parser = new RespRequestParser();
        var sink = new Sink(text, new RedisRequest());
        foreach (byte[] piece in pieces)
        {
            if (parser.Read(piece, ref sink, out int used) == RespProgress.Unintelligible) return text.Append('!').ToString();
            Assert.Equal(piece.Length, used);
        }
        return text.Append(parser.InCommand ? "…" : "").ToString();
    }

    private readonly struct Sink(StringBuilder text, RedisRequest request) : IRespCommandSink
    {
        public bool Begin(RedisCommand command, ReadOnlySpan<byte> name, int arguments)
        {
            request.Begin(command, name, arguments);
            return true;
        }

        public void Argument(int index, ReadOnlySpan<byte> start) => request.Argument(index, start);

        public bool End()
        {
            Assert.True(request.IsDecided);
            text.Append(request.Describe()).Append(request.TouchesAnyKey ? '*' : '(');
            for (int i = 0; i < request.KeyCount; i++) text.Append(Encoding.Latin1.GetString(request.Key(i))).Append(',');
            text.AppendLine();
            return true;
        }
    }
}
