using System.Text;
using Mesh.Http.Resp;

namespace Mesh.Tests.Unit.Resp;

public sealed class ReplyScannerTests
{
    private const string Several =
        "+OK\r\n-ERR no\r\n:12\r\n:-3\r\n$-1\r\n$0\r\n\r\n$5\r\na\r\nbc\r\n*-1\r\n*0\r\n*2\r\n*1\r\n:1\r\n$1\r\nx\r\n"
        + "_\r\n#t\r\n,3.14\r\n(12345678901234567890\r\n!5\r\nERR x\r\n=7\r\ntxt:abc\r\n%2\r\n+a\r\n:1\r\n+b\r\n*2\r\n:1\r\n:2\r\n~1\r\n+x\r\n"
        + "|1\r\n+ttl\r\n*1\r\n:5\r\n+attributed\r\n*2\r\n|1\r\n+k\r\n+v\r\n:1\r\n:2\r\n>3\r\n$7\r\nmessage\r\n+ch\r\n:9\r\n"
        + "|1\r\n+k\r\n:7\r\n>2\r\n+invalidate\r\n:8\r\n$?\r\n;4\r\nabcd\r\n;2\r\n\r\n\r\n;0\r\n*?\r\n:1\r\n*2\r\n:2\r\n*?\r\n.\r\n$?\r\n;0\r\n.\r\n%0\r\n>1\r\n*1\r\n+no\r\n+end\r\n";

    private const string SeveralRead = "+ - : : $ $ $ * * * _ # , ( ! = % ~ + * >message/9 >invalidate/8 $ * % >/0 +";

    [Fact]
    public void Replies_are_found() => Assert.Equal(SeveralRead, ReplyList.Of(Several));

    [Fact]
    public void Replies_are_the_same_wherever_they_are_split()
    {
        byte[] bytes = Encoding.Latin1.GetBytes(Several);
        for (int first = 0; first <= bytes.Length; first++)
        {
            for (int second = first; second <= bytes.Length; second += 7)
                Assert.Equal(SeveralRead, ReplyList.Of(false, bytes[..first], bytes[first..second], bytes[second..]));
        }
        Assert.Equal(SeveralRead, ReplyList.Of(false, bytes.Select(static b => new[] { b })));
    }

    [Fact]
    public void Words_of_arrays_are_told_where_they_are_wanted()
    {
        byte[] bytes = "*3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:2\r\n*2\r\n$20\r\nlonger_than_any_word\r\n:1\r\n*2\r\n*1\r\n+x\r\n+y\r\n+message\r\n"u8.ToArray();
        const string read = "*subscribe/2 */1 */0 +";
        Assert.Equal(read, ReplyList.Of(true, bytes));
        Assert.Equal(read, ReplyList.Of(true, bytes.Select(static b => new[] { b })));
        Assert.Equal("* * * +", ReplyList.Of(false, bytes));
    }

    [Theory]
    [InlineData("OK\r\n")]
    [InlineData("+OK\rx\r\n")]
    [InlineData("$3\r\nabcd\r\n")]
    [InlineData("$-2\r\n")]
    [InlineData("$x\r\n")]
    [InlineData("$\r\n")]
    [InlineData("*1\r\n.\r\n")]
    [InlineData(".\r\n")]
    [InlineData(";3\r\nabc\r\n")]
    [InlineData("$?\r\n+x\r\n")]
    [InlineData("*?\r\n;1\r\nx\r\n")]
    [InlineData("|?\r\n")]
    [InlineData("*?1\r\n")]
    [InlineData("%-1\r\n")]
    [InlineData("*999999999999999999\r\n")]
    [InlineData("$9999999999999999999\r\n")]
    public void What_is_not_the_protocol_is_unintelligible(string text)
    {
        Assert.Equal("!", ReplyList.Of(text));
        Assert.Equal("!", ReplyList.Of(false, Encoding.Latin1.GetBytes(text).Select(static b => new[] { b })));
    }

    [Fact]
    public void Deep_nesting_takes_no_memory_and_streams_inside_each_other_are_bounded()
    {
        Assert.Equal("*", ReplyList.Of(string.Concat(Enumerable.Repeat("*1\r\n", 100_000)) + ":1\r\n"));
        Assert.Equal("!", ReplyList.Of(string.Concat(Enumerable.Repeat("*?\r\n", 33))));
        Assert.Equal("*", ReplyList.Of(string.Concat(Enumerable.Repeat("*?\r\n", 32)) + string.Concat(Enumerable.Repeat(".\r\n", 32))));
    }

    [Fact]
    public void Announced_values_do_not_overflow() =>
        Assert.Equal("!", ReplyList.Of(string.Concat(Enumerable.Repeat("*281474976710000\r\n", 3))));

    [Fact]
    public void Scanner_stops_after_a_reply_when_told()
    {
        var scanner = new RespReplyScanner();
        var sink = new ReplyList.Sink(new ReplyList { Stops = true });
        Assert.Equal(RespProgress.Stopped, scanner.Read("+OK\r\n+OK\r\n"u8, ref sink, out int used));
        Assert.Equal((5, false), (used, scanner.InReply));
    }

    private sealed class ReplyList
    {
        private readonly List<string> replies = [];

        public bool Stops { get; init; }

        public bool Words { get; init; }

        public static string Of(string text) => Of(false, Encoding.Latin1.GetBytes(text));

        public static string Of(bool words, params IEnumerable<byte[]> pieces)
        {
            var list = new ReplyList { Words = words };
            var scanner = new RespReplyScanner();
            var sink = new Sink(list);
            foreach (byte[] piece in pieces)
            {
                if (scanner.Read(piece, ref sink, out int used) == RespProgress.Unintelligible) return string.Join(' ', list.replies) + "!";
                Assert.Equal(piece.Length, used);
            }
            return string.Join(' ', list.replies) + (scanner.InReply ? "…" : "");
        }

        internal readonly struct Sink(ReplyList list) : IRespReplySink
        {
            public bool WantsWords => list.Words;

            public bool Reply(in RespReply reply)
            {
                bool worded = reply.IsPush || (list.Words && reply.Type == (byte)'*');
                list.replies.Add((char)reply.Type + (worded ? $"{Encoding.Latin1.GetString(reply.Word)}/{reply.Number}" : ""));
                return !list.Stops;
            }
        }
    }
}
