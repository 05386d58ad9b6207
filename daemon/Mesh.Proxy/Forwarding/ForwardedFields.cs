using System.Text;
using Mesh.Http;
using Mesh.Io;

namespace Mesh.Proxy.Forwarding;

/// <summary>What a gateway tells the application about a client that it cannot see itself: X-Forwarded-For with the client's address appended, and
/// X-Forwarded-Proto. A client that sends Forwarded (RFC 7239) finds the same appended there, so that whichever field an application believes, the last
/// entry is ours. Between workloads nothing is added: there the application sees the client's own address. One per client connection.</summary>
internal sealed class ForwardedFields(Ip client)
{
    private byte[]? element;

    public void AddTo(HeaderList headers)
    {
        Span<byte> address = stackalloc byte[Ip.MaxTextLength];
        Append(headers, "x-forwarded-for"u8, address[..client.WriteText(address)]);
        headers.Set("x-forwarded-proto"u8, "http"u8);
        if (headers.Contains("forwarded"u8)) AppendElement(headers);
    }

    private void AppendElement(HeaderList headers)
    {
        element ??= Encoding.ASCII.GetBytes(client.IsV4 ? $"for={client};proto=http" : $"for=\"[{client}]\";proto=http");
        for (int i = headers.IndexOf("forwarded"u8); i >= 0; i = headers.IndexOf("forwarded"u8, i + 1))
        {
            if (IsOpen(headers.Value(i))) headers.RemoveAt(i--);
        }
        Append(headers, "forwarded"u8, element);
    }

    /// <summary>All lines of the field become one, which every reader understands alike.</summary>
    private static void Append(HeaderList headers, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        int before = headers.Count;
        bool named = headers.Contains(name);
        headers.Begin(name);
        if (named) Join(headers, name, before);
        headers.Append(value);
    }

    private static void Join(HeaderList headers, ReadOnlySpan<byte> name, int before)
    {
        for (int i = headers.IndexOf(name); i < before; i = headers.IndexOf(name, i + 1))
        {
            headers.Append(headers.Value(i));
            headers.Append(", "u8);
        }
        for (int i = headers.IndexOf(name); i < headers.Count - 1; i = headers.IndexOf(name)) headers.RemoveAt(i);
    }

    /// <summary>A quoted string that does not end would swallow what follows it.</summary>
    private static bool IsOpen(ReadOnlySpan<byte> value)
    {
        bool quoted = false;
        for (int i = 0; i < value.Length; i++)
        {
            if (value[i] == '"') quoted = !quoted;
            else if (quoted && value[i] == '\\') i++;
        }
        return quoted;
    }
}
