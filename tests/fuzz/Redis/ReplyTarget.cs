using System.Text;
using Mesh.Http.Resp;

namespace Mesh.Tests.Fuzz.Redis;

/// <summary>Replies of Redis: the same ends wherever they are split, and wherever the reader stops.</summary>
internal sealed class ReplyTarget : IFuzzTarget
{
    public string Name => "redis-replies";

    public IEnumerable<byte[]> Seeds =>
    [
        "+OK\r\n-ERR no\r\n:12\r\n$-1\r\n$5\r\na\r\nbc\r\n*2\r\n*1\r\n:1\r\n$1\r\nx\r\n"u8.ToArray(),
        "_\r\n#t\r\n,3.14\r\n(123\r\n!5\r\nERR x\r\n=7\r\ntxt:abc\r\n%1\r\n+a\r\n:1\r\n~1\r\n+x\r\n"u8.ToArray(),
        "|1\r\n+ttl\r\n*1\r\n:5\r\n+x\r\n>3\r\n$7\r\nmessage\r\n+ch\r\n:9\r\n"u8.ToArray(),
        "$?\r\n;4\r\nabcd\r\n;0\r\n*?\r\n:1\r\n*?\r\n.\r\n.\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"u8.ToArray(),
    ];

    public void Run(ReadOnlySpan<byte> input)
    {
        foreach (bool words in (bool[])[false, true])
        {
            string whole = Read([input.ToArray()], words, stops: false);
            Assert.Equal(whole, Read(Pieces.Of(input), words, stops: false));
            Assert.Equal(whole, Read(Pieces.Of(input), words, stops: true));
        }
    }

    private static string Read(List<byte[]> pieces, bool words, bool stops)
    {
        var text = new StringBuilder();
        var scanner = new RespReplyScanner();
        var sink = new Sink(text, words, stops);
        foreach (byte[] piece in pieces)
        {
            for (int at = 0; at < piece.Length;)
            {
                var progress = scanner.Read(piece.AsSpan(at), ref sink, out int used);
                if (progress == RespProgress.Unintelligible) return text.Append('!').ToString();
                Assert.True(used > 0 && (progress == RespProgress.Stopped ? stops && !scanner.InReply : at + used == piece.Length));
                at += used;
            }
        }
        return text.Append(scanner.InReply ? "…" : "").ToString();
    }

    private readonly struct Sink(StringBuilder text, bool words, bool stops) : IRespReplySink
    {
        public bool WantsWords => words;

        public bool Reply(in RespReply reply)
        {
            text.Append((char)reply.Type);
            if (words || reply.IsPush) text.Append(Encoding.Latin1.GetString(reply.Word));
            if (reply.IsPush) text.Append(reply.Number);
            return !stops;
        }
    }
}
