using System.Net.Sockets;
using Mesh.Load.Native;
using Mesh.Load.Responses;

namespace Mesh.Load.Runs;

/// <summary>One connection with at most one request on its way; in the mode of new connections it is another one for each request.</summary>
internal sealed class LoadConnection(int key, Target target, byte[] request, ExpectedResponse expected, Epoll epoll, bool always) : IDisposable
{
    private readonly ResponseReader reader = new(expected);
    private Socket? socket;

    /// <summary>When the request on its way was due.</summary>
    public long Due { get; private set; }

    public bool IsBusy { get; private set; }

    public void Send(long due)
    {
        (Due, IsBusy) = (due, true);
        if (socket is null) Connect();
        int sent = socket!.Send(request, SocketFlags.None);
        if (sent < request.Length) throw new IOException("a request did not fit into an empty socket");
    }

    /// <returns>Whether the response is complete.</returns>
    /// <exception cref="IOException">The connection ended before.</exception>
    public bool Receive(byte[] scratch)
    {
        int read = socket!.Receive(scratch, SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock) return false;
        if (error != SocketError.Success || read == 0) throw new IOException(IsBusy ? $"a connection ended before its response ({error})" : "an idle connection was ended");
        if (!reader.Take(scratch.AsSpan(0, read))) return false;
        IsBusy = false;
        if (always) Dispose();
        return true;
    }

    public void Dispose()
    {
        socket?.Dispose();
        socket = null;
    }

    private void Connect()
    {
        socket = target.Connect();
        socket.Blocking = false;
        epoll.Watch(socket.Handle, key);
    }
}
