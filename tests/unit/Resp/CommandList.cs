using System.Text;
using Mesh.Http.Resp;

namespace Mesh.Tests.Unit.Resp;

/// <summary>What a parser said about a stream of requests, as text: "set(k,v)" each.</summary>
internal sealed class CommandList
{
    private readonly List<string> commands = [];
    private readonly StringBuilder arguments = new();
    private string name = "";
    private int expected;
    private int last;

    public bool KeepsArguments { get; init; } = true;

    public string Text => string.Join(' ', commands);

    /// <returns>The commands, and "!" where it was not understood.</returns>
    public static string Of(params IEnumerable<byte[]> pieces)
    {
        var list = new CommandList();
        var parser = new RespRequestParser();
        var sink = new Sink(list);
        foreach (byte[] piece in pieces)
        {
            var progress = parser.Read(piece, ref sink, out int used);
            if (progress == RespProgress.Unintelligible) return $"{list.Text}!";
            Assert.Equal(piece.Length, used);
        }
        return list.Text + (parser.InCommand ? "…" : "");
    }

    public static string Of(string text) => Of(Encoding.Latin1.GetBytes(text));

    internal readonly struct Sink(CommandList list) : IRespCommandSink
    {
        public bool Begin(RedisCommand command, ReadOnlySpan<byte> name, int arguments)
        {
            list.name = $"{Encoding.Latin1.GetString(name)}:{command.Name}";
            (list.expected, list.last) = (arguments, 0);
            list.arguments.Clear();
            return list.KeepsArguments;
        }

        public void Argument(int index, ReadOnlySpan<byte> start)
        {
            Assert.Equal(++list.last, index);
            list.arguments.Append(index > 1 ? "," : "").Append(Encoding.Latin1.GetString(start));
        }

        public bool End()
        {
            Assert.Equal(list.KeepsArguments ? list.expected - 1 : 0, list.last);
            list.commands.Add($"{list.name}({list.arguments})");
            return true;
        }
    }
}
