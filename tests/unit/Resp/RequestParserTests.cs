using System.Text;
using Mesh.Http.Resp;
using Mesh.Kit.Measuring;

namespace Mesh.Tests.Unit.Resp;

public sealed class RequestParserTests
{
    private const string Several =
        "*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$12\r\nv\r\n*1\r\n$4\r\nx\r\n*0\r\n*-1\r\nget \"a b\" 'c'\r\n\r\n*2\r\n$3\r\ngEt\r\n$0\r\n\r\nEcho\thi\n*2\r\n$7\r\nJSON.X1\r\n$1\r\n1\r\n";

    private const string SeveralRead =
        "PING:ping() SET:set(k,v\r\n*1\r\n$4\r\nx) get:get(a b,c) gEt:get() Echo:echo(hi) JSON.X1:other(1)";

    [Fact]
    public void Commands_are_read_whole() => Assert.Equal(SeveralRead, CommandList.Of(Several));

    [Fact]
    public void Commands_are_the_same_wherever_they_are_split()
    {
        byte[] bytes = Encoding.Latin1.GetBytes(Several);
        for (int first = 0; first <= bytes.Length; first++)
        {
            for (int second = first; second <= bytes.Length; second += 7)
                Assert.Equal(SeveralRead, CommandList.Of(bytes[..first], bytes[first..second], bytes[second..]));
        }
        Assert.Equal(SeveralRead, CommandList.Of(bytes.Select(static b => new[] { b })));
    }

    [Theory]
    [InlineData("*1\r\n$04\r\nPING\r\n")]
    [InlineData("*01\r\n$4\r\nPING\r\n")]
    [InlineData("*+1\r\n$4\r\nPING\r\n")]
    [InlineData("*-2\r\n")]
    [InlineData("*1x\r\n")]
    [InlineData("* 1\r\n")]
    [InlineData("*\r\n")]
    [InlineData("*1\n$4\nPING\n")]
    [InlineData("*1\r\r\n")]
    [InlineData("*1\r\n$-1\r\n")]
    [InlineData("*1\r\n+PING\r\n")]
    [InlineData("*1\r\n$4\r\nPINGxx")]
    [InlineData("*1\r\n$4\r\nPING\r\r\n")]
    [InlineData("*3000000000\r\n")]
    [InlineData("*1\r\n$9999999999999\r\n")]
    [InlineData("ping \"unfinished\n")]
    [InlineData("ping \"a\"b\n")]
    [InlineData("pi\0ng\r\n")]
    [InlineData("ping\r x\r\n")]
    public void What_a_server_might_read_otherwise_is_unintelligible(string text)
    {
        Assert.EndsWith("!", CommandList.Of(text));
        Assert.EndsWith("!", CommandList.Of(Encoding.Latin1.GetBytes(text).Select(static b => new[] { b })));
    }

    [Theory]
    [InlineData("*1\r\n$4\r\nPIN")]
    [InlineData("*1\r\n$4\r\nPING\r")]
    [InlineData("*2\r\n$4\r\nPING\r\n")]
    [InlineData("*")]
    [InlineData("*1000000000\r\n")]
    [InlineData("pin")]
    public void Part_of_a_command_is_a_command_that_has_begun(string text) => Assert.Equal("…", CommandList.Of(text));

    [Fact]
    public void Inline_command_longer_than_servers_take_is_unintelligible()
    {
        Assert.Equal("!", CommandList.Of(new string('x', 65 * 1024)));
        Assert.Equal("!", CommandList.Of(Enumerable.Repeat(new byte[1000].Select(static _ => (byte)'x').ToArray(), 70)));
    }

    [Theory]
    [InlineData("get \"\\x41\\n\\\"\\q\" 'it\\'s\\n'\n", "get:get(A\n\"q,it's\\n)")]
    [InlineData("  get\t a\"b\"  \r\n", "get:get(ab)")]
    [InlineData("get \"\"\r\n", "get:get()")]
    [InlineData(" \t \r\n\n", "")]
    public void Inline_words_are_those_of_the_server(string text, string commands) => Assert.Equal(commands, CommandList.Of(text));

    [Fact]
    public void Long_argument_is_cut_and_the_next_command_found()
    {
        string text = $"*3\r\n$3\r\nset\r\n$5000\r\n{new string('k', 5000)}\r\n$1\r\nv\r\n*1\r\n$4\r\nping\r\n";
        string expected = $"set:set({new string('k', RespRequestParser.MaxKept)},v) ping:ping()";
        Assert.Equal(expected, CommandList.Of(text));
        Assert.Equal(expected, CommandList.Of(Encoding.Latin1.GetBytes(text).Chunk(100)));
    }

    [Fact]
    public void Reading_allocates_nothing_once_it_has_begun()
    {
        byte[] bytes = Encoding.Latin1.GetBytes("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
        var parser = new RespRequestParser();
        var sink = new Nothing();
        int[] cuts = [10, 20, bytes.Length];
        Read();
        Assert.Equal(0, Allocation.Of(() =>
        {
            for (int i = 0; i < 1000; i++) Read();
        }));

        void Read()
        {
            foreach (int cut in cuts)
            {
                parser.Read(bytes.AsSpan(0, cut), ref sink, out _);
                parser.Read(bytes.AsSpan(cut), ref sink, out _);
            }
        }
    }

    private readonly struct Nothing : IRespCommandSink
    {
        public bool Begin(RedisCommand command, ReadOnlySpan<byte> name, int arguments) => true;

        public void Argument(int index, ReadOnlySpan<byte> start)
        {
            // Only the parser is of interest.
        }

        public bool End() => true;
    }
}
