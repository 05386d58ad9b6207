using System.Globalization;
using System.Text;
using Mesh.Http;

namespace Mesh.Kit.Http2;

/// <summary>Message heads as tests write them.</summary>
public static class Heads
{
    public static HeaderList Request(string method = "GET", string path = "/", params (string Name, string Value)[] fields) =>
        Of([(":method", method), (":scheme", "https"), (":path", path), (":authority", "catalog.shop.mesh"), .. fields]);

    public static HeaderList Connect(string authority) => Of((":method", "CONNECT"), (":authority", authority));

    public static HeaderList Response(int status, params (string Name, string Value)[] fields) =>
        Of([(":status", status.ToString(CultureInfo.InvariantCulture)), .. fields]);

    public static HeaderList Of(params (string Name, string Value)[] fields)
    {
        var head = new HeaderList();
        foreach (var (name, value) in fields) head.Add(name, value);
        return head;
    }

    /// <summary>The first value of that name; null if there is none.</summary>
    public static string? Text(HeaderList head, string name) =>
        head.TryGet(Encoding.ASCII.GetBytes(name), out var value) ? Encoding.Latin1.GetString(value) : null;
}
