using System.Net.Sockets;
using Mesh.Load.Responses;

namespace Mesh.Load.Runs;

/// <summary>Connections that had one response each and then say nothing more.</summary>
internal sealed class IdleRun(Target target, ExpectedResponse expected) : IDisposable
{
    private const int AtOnce = 64;

    private readonly List<Socket> open = [];
    private readonly byte[] request = target.Request(last: false);
    private readonly byte[] scratch = new byte[64 * 1024];

    /// <summary>A few at a time, so that no queue of the listener overflows.</summary>
    public void Open(int count)
    {
        while (open.Count < count)
        {
            int first = open.Count;
            while (open.Count < Math.Min(count, first + AtOnce)) open.Add(target.Connect());
            foreach (var socket in open.Skip(first)) socket.Send(request);
            foreach (var socket in open.Skip(first)) ReadResponse(socket);
        }
    }

    public void Dispose() => open.ForEach(socket => socket.Dispose());

    private void ReadResponse(Socket socket)
    {
        var reader = new ResponseReader(expected);
        int read;
        do
        {
            read = socket.Receive(scratch);
            if (read == 0) throw new IOException("a connection ended before its response");
        }
        while (!reader.Take(scratch.AsSpan(0, read)));
    }
}
