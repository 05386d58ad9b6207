using System.Text;
using Mesh.Http.Resp;

namespace Mesh.Tests.Unit.Resp;

/// <summary>Which keys a command touches.</summary>
public sealed class RedisRequestTests
{
    [Theory]
    [InlineData("get a", "a")]
    [InlineData("GET a", "a")]
    [InlineData("mset a 1 b 2", "a b")]
    [InlineData("del a b c", "a b c")]
    [InlineData("blpop a b 0", "a b")]
    [InlineData("bitop and d a b", "d a b")]
    [InlineData("rename a b", "a b")]
    [InlineData("eval script 2 a b c", "a b")]
    [InlineData("evalsha sha 1 a", "a")]
    [InlineData("eval script 0 a", "*")]
    [InlineData("eval script 3 a", "*")]
    [InlineData("eval script -1 a", "*")]
    [InlineData("eval script 01 a", "*")]
    [InlineData("eval script x a", "*")]
    [InlineData("fcall f 1 a b", "a")]
    [InlineData("zunion 2 a b weights 1 2", "a b")]
    [InlineData("zunionstore d 2 a b aggregate max", "d a b")]
    [InlineData("lmpop 1 a left", "a")]
    [InlineData("blmpop 0 2 a b left", "a b")]
    [InlineData("xread count 2 streams a b 0 0", "a b")]
    [InlineData("xread block 0 streams a 0", "a")]
    [InlineData("xreadgroup group streams streams count 1 noack streams a >", "a")]
    [InlineData("xread what streams a 0", "a *")]
    [InlineData("sort a limit 0 5 desc store d", "a d")]
    [InlineData("sort a by w_*", "a *")]
    [InlineData("sort a get # get o_*", "a *")]
    [InlineData("georadius a 1 2 3 km storedist d", "a d")]
    [InlineData("object encoding a", "a")]
    [InlineData("memory usage a", "a")]
    [InlineData("xgroup create a g $", "a")]
    [InlineData("publish ch x", "ch")]
    [InlineData("psubscribe a* b", "a* b")]
    [InlineData("migrate h 1 a 0 1", "*")]
    [InlineData("keys x", "*")]
    [InlineData("flushall", "*")]
    [InlineData("config get x", "*")]
    [InlineData("client tracking on bcast", "*")]
    [InlineData("client tracking on", "")]
    [InlineData("client setname bcast", "")]
    [InlineData("json.get a", "*")]
    [InlineData("ping", "")]
    [InlineData("select 1", "")]
    [InlineData("get", "")]
    public void Keys_are_those_of_the_server(string command, string keys)
    {
        string[] words = command.Split(' ');
        var request = Ask(words, out int decidedAt);
        var found = Enumerable.Range(0, request.KeyCount).Select(i => Encoding.UTF8.GetString(request.Key(i)));
        Assert.Equal(keys, string.Join(' ', request.TouchesAnyKey ? found.Append("*") : found).Trim());
        Assert.InRange(decidedAt, 0, words.Length - 1);
    }

    [Theory]
    [InlineData("set a 1", 1)]
    [InlineData("setrange a 1 x", 1)]
    [InlineData("ping x", 0)]
    [InlineData("config set maxmemory 1", 1)]
    [InlineData("eval script 1 a b c d", 3)]
    [InlineData("mset a 1 b 2", 3)]
    [InlineData("flushall async", 0)]
    [InlineData("unheard.of a b c", 1)]
    public void Command_is_decided_as_soon_as_its_keys_are_known(string command, int at)
    {
        Ask(command.Split(' '), out int decidedAt);
        Assert.Equal(at, decidedAt);
    }

    [Fact]
    public void Subcommands_have_categories_of_their_own_where_it_matters()
    {
        Assert.Equal("client|kill", Ask(["CLIENT", "Kill", "x"], out _).Command.Name);
        Assert.Equal("client", Ask(["client", "setname", "x"], out _).Command.Name);
        Assert.True(Ask(["client", "kill"], out _).Command.Categories.HasFlag(RedisCategories.Admin));
        Assert.Equal("config|set", Ask(["CONFIG", "SET", "x"], out _).Describe());
    }

    [Fact]
    public void Every_command_is_found_in_any_case_and_nothing_else()
    {
        Assert.True(RedisCommands.Count > 250);
        foreach (var command in RedisCommands.All.Skip(1))
        {
            Assert.Same(command, RedisCommands.Find(Encoding.ASCII.GetBytes(command.Name)));
            Assert.Same(command, RedisCommands.Find(Encoding.ASCII.GetBytes(command.Name.ToUpperInvariant())));
            Assert.Same(RedisCommands.Other, RedisCommands.Find(Encoding.ASCII.GetBytes(command.Name + "~")));
        }
        // A mask of case makes these equal to letters.
        Assert.Same(RedisCommands.Other, RedisCommands.Find("GE\u0014"u8));
        Assert.Same(RedisCommands.Other, RedisCommands.Find("get\0"u8));
        Assert.Same(RedisCommands.Other, RedisCommands.Find(""u8));
        Assert.Same(RedisCommands.Other, RedisCommands.Find("other"u8));
        Assert.Same(RedisCommands.Other, RedisCommands.Find("bitfield\u007fro"u8));
    }

    private static RedisRequest Ask(string[] words, out int decidedAt)
    {
        var request = new RedisRequest();
        byte[] name = Encoding.ASCII.GetBytes(words[0]);
        request.Begin(RedisCommands.Find(name), name, words.Length);
        decidedAt = request.IsDecided ? 0 : int.MaxValue;
        for (int i = 1; i < words.Length; i++)
        {
            request.Argument(i, Encoding.ASCII.GetBytes(words[i]));
            if (request.IsDecided) decidedAt = Math.Min(decidedAt, i);
        }
        return request;
    }
}
