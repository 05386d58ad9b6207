using Mesh.Http;
using Mesh.Kit.Proxy;

namespace Mesh.Tests.InProcess.Proxy.Combinations;

/// <summary>Heads in a form in which they can be compared whole: a field a line, names in lower case, in the order of the alphabet; lines of the same name in theirs.</summary>
internal static class Fields
{
    // What the mesh gives to a message is another each time.
    private static readonly string[] given = ["traceparent: 00-", "x-request-id: ", "date: "];

    public static string Of(params IEnumerable<string> fields) => string.Join('\n', fields.Where(static field => !given.Any(start => field.StartsWith(start, StringComparison.Ordinal))).OrderBy(static field => field[..field.IndexOf(':', 1)], StringComparer.Ordinal));

    public static string Of(HeaderList head) => Of(head.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));

    /// <param name="head">Of HTTP/1, to its empty line. The start line stays first.</param>
    public static string Of(string head)
    {
        string[] lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        return lines[0] + '\n' + Of(lines.Skip(1).Select(static line => line[..line.IndexOf(':')].ToLowerInvariant() + line[line.IndexOf(':')..]));
    }

    /// <param name="start">The start line of HTTP/1, which stays first.</param>
    public static string Head(string start, params IEnumerable<string> fields) => start + '\n' + Of(fields);

    /// <summary>A chunked body (RFC 9112 7.1) with its trailer lines.</summary>
    public static async Task<(string Body, string Trailers)> ReadChunkedAsync(Peer peer)
    {
        var body = new System.Text.StringBuilder();
        while (Convert.ToInt32((await peer.ReadUntilAsync("\r\n")).TrimEnd(), 16) is > 0 and var length)
        {
            body.Append(await peer.ReadAsync(length));
            Assert.Equal("\r\n", await peer.ReadAsync(2));
        }
        var trailers = new List<string>();
        while ((await peer.ReadUntilAsync("\r\n")).TrimEnd() is { Length: > 0 } line) trailers.Add(line[..line.IndexOf(':')].ToLowerInvariant() + line[line.IndexOf(':')..]);
        return (body.ToString(), Of(trailers));
    }
}
