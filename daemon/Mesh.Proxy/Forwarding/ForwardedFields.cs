using System.Text;
using Mesh.Http;
using Mesh.Io;

namespace Mesh.Proxy.Forwarding;

/// <summary>What a gateway tells the application about a client that it cannot see itself: X-Forwarded-For with the client's address appended, and
/// X-Forwarded-Proto. Between workloads nothing is added: there the application sees the client's own address. One per client connection.</summary>
internal sealed class ForwardedFields(Ip client)
{
    private byte[]? address;

    public void AddTo(HeaderList headers)
    {
        address ??= Encoding.ASCII.GetBytes(client.ToString());
        int before = headers.Count;
        bool named = headers.Contains("x-forwarded-for"u8);
        headers.Begin("x-forwarded-for"u8);
        if (named) Join(headers, before);
        headers.Append(address);
        headers.Set("x-forwarded-proto"u8, "http"u8);
    }

    /// <summary>All lines of the field become one, which every reader understands alike.</summary>
    private static void Join(HeaderList headers, int before)
    {
        for (int i = headers.IndexOf("x-forwarded-for"u8); i < before; i = headers.IndexOf("x-forwarded-for"u8, i + 1))
        {
            headers.Append(headers.Value(i));
            headers.Append(", "u8);
        }
        for (int i = headers.IndexOf("x-forwarded-for"u8); i < headers.Count - 1; i = headers.IndexOf("x-forwarded-for"u8)) headers.RemoveAt(i);
    }
}
