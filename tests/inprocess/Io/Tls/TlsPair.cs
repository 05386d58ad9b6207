using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Certificates;
using Mesh.Kit.Connections;

namespace Mesh.Tests.InProcess.Io.Tls;

/// <summary>Two ends of a handshake in memory.</summary>
internal sealed class TlsPair
{
    internal const string ClientUri = "spiffe://cluster.local/ns/shop/sa/web";
    internal const string ServerUri = "spiffe://cluster.local/ns/shop/sa/catalog";
    internal static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    internal TestAuthority Authority { get; } = new();
    internal TestLoop Loop { get; } = new();
    internal MemoryConnection ClientSide { get; }
    internal MemoryConnection ServerSide { get; }
    internal OpenSslContext ClientContext { get; set; }
    internal OpenSslContext ServerContext { get; set; }
    internal string[] ClientAlpn { get; set; } = ["h2"];
    internal string[] ServerAlpn { get; set; } = ["h2"];

    /// <summary>How much of the network's bytes each end sees at a time.</summary>
    internal int BytesAtATime { get; set; } = int.MaxValue;

    internal TlsPair()
    {
        (ClientSide, ServerSide) = MemoryConnection.Pair(Loop);
        ClientContext = Authority.Context(ClientUri);
        ServerContext = Authority.Context(ServerUri);
    }

    internal Task<SecureConnection> ConnectAsync() => ClientContext.ConnectAsync(Slice(ClientSide), ClientAlpn, Timeout).AsTask();

    internal Task<SecureConnection> AcceptAsync() => ServerContext.AcceptAsync(Slice(ServerSide), ServerAlpn, Timeout).AsTask();

    internal async Task<(SecureConnection Client, SecureConnection Server)> HandshakeAsync()
    {
        var connecting = ConnectAsync();
        var accepting = AcceptAsync();
        return (await connecting, await accepting);
    }

    /// <summary>Runs with both ends of an established session.</summary>
    internal void Run(Func<SecureConnection, SecureConnection, Task> work) => Loop.Run(async () =>
    {
        var (client, server) = await HandshakeAsync();
        await work(client, server);
    });

    /// <summary>Runs a handshake that the server refuses. A TLS 1.3 client learns of it only when it reads.</summary>
    internal (ConnectionBrokenException Server, ConnectionBrokenException Client) RunRefusedByServer() => Loop.Run(async () =>
    {
        var connecting = ConnectAsync();
        var server = await Assert.ThrowsAsync<ConnectionBrokenException>(AcceptAsync);
        var client = await Assert.ThrowsAsync<ConnectionBrokenException>(async () => await (await connecting).Input.ReadAsync());
        return (server, client);
    });

    private Connection Slice(Connection connection) => BytesAtATime == int.MaxValue ? connection : new SlicedConnection(connection, BytesAtATime);
}

internal static class Streams
{
    internal static async Task SendAsync(this Connection connection, string text) => await connection.Output.WriteAsync(Encoding.ASCII.GetBytes(text));

    /// <summary>Reads until that many characters have come.</summary>
    internal static async Task<string> ReceiveAsync(this Connection connection, int count)
    {
        var result = await connection.Input.ReadAtLeastAsync(count);
        string text = Encoding.ASCII.GetString(result.Buffer.Slice(0, Math.Min(count, result.Buffer.Length)).ToArray());
        connection.Input.AdvanceTo(result.Buffer.GetPosition(text.Length));
        return text;
    }

    /// <summary>Reads to the clean end.</summary>
    internal static async Task<byte[]> ReceiveAllAsync(this Connection connection)
    {
        using var all = new MemoryStream();
        while (true)
        {
            var result = await connection.Input.ReadAsync();
            foreach (var segment in result.Buffer) all.Write(segment.Span);
            connection.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted && result.Buffer.IsEmpty) return all.ToArray();
        }
    }
}
