namespace Mesh.Daemon.Admin;

/// <param name="Method">GET, POST …</param>
/// <param name="Target">Path and query as received.</param>
/// <param name="Accept">The Accept header, null if there is none.</param>
public sealed record AdminRequest(string Method, string Target, string? Accept = null)
{
    public string Path => Target.Split('?', 2)[0];

    /// <summary>The decoded value of a query parameter, null if it is not given.</summary>
    public string? Query(string name)
    {
        string[] parts = Target.Split('?', 2);
        if (parts.Length == 1) return null;
        foreach (string pair in parts[1].Split('&'))
        {
            string[] item = pair.Split('=', 2);
            if (Uri.UnescapeDataString(item[0]) == name) return item.Length == 2 ? Uri.UnescapeDataString(item[1].Replace('+', ' ')) : "";
        }
        return null;
    }
}

/// <summary>To be sent with Content-Length, or in <see cref="Pieces"/>, and <c>Cache-Control: no-store</c>; for a HEAD request without the body.</summary>
/// <param name="Allow">Value of the Allow header when the method was wrong (405), else null.</param>
public sealed record AdminResponse(int Status, string ContentType, ReadOnlyMemory<byte> Body, string? Allow = null)
{
    /// <summary>Instead of a body that is made at once: each piece is made when the one before has been sent, and valid until then.</summary>
    public IEnumerable<ReadOnlyMemory<byte>>? Pieces { get; init; }

    internal const string PlainText = "text/plain; charset=utf-8";

    internal static AdminResponse Text(int status, string body) => new(status, PlainText, System.Text.Encoding.UTF8.GetBytes(body));
}

/// <summary>Answers what operators and their tools ask over HTTP, on the admin, metrics and readiness ports. Thread-safe; never called on a worker loop.</summary>
public interface IAdminEndpoint
{
    ValueTask<AdminResponse> HandleAsync(AdminRequest request);
}
