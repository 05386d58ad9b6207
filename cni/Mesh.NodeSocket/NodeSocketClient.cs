using System.Text.Json;
using Mesh.Netfilter.Namespaces;
using Mesh.NodeSocket.Native;

namespace Mesh.NodeSocket;

/// <summary>The plugin's side of the node socket: one connection per request. Blocks; every call ends within the timeout.</summary>
/// <param name="timeout">For waiting, the request and the answer together.</param>
/// <param name="waitsForDaemon">Whether to wait until the daemon listens (it may be restarting) or to fail at once.</param>
public sealed class NodeSocketClient(string path, TimeSpan timeout, bool waitsForDaemon, TimeProvider time)
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>What the daemon says when a request was carried out: read without preparing the serializer, which takes longer than the request.</summary>
    internal static ReadOnlySpan<byte> Done => "{\"workloads\":[],\"more\":false}"u8;

    /// <exception cref="NodeSocketException">The daemon is away, refuses, or does not answer in time.</exception>
    public void Enrol(Enrolment enrolment, NetworkNamespace network) => Enrol(NodeRequestWriter.Enrol(enrolment), network);

    /// <param name="request">Made by <see cref="NodeRequestWriter.Enrol"/>.</param>
    /// <exception cref="NodeSocketException">As above.</exception>
    public void Enrol(byte[] request, NetworkNamespace network) => Ask(request, network.Descriptor);

    public void Unenrol(Attachment attachment) => Ask(new NodeRequest { Verb = NodeVerb.Unenrol, Attachment = attachment });

    public void Check(Attachment attachment) => Ask(new NodeRequest { Verb = NodeVerb.Check, Attachment = attachment });

    public void Ping() => Ask(new NodeRequest { Verb = NodeVerb.Ping });

    public IReadOnlyList<EnrolmentStatus> List() => Ask(new NodeRequest { Verb = NodeVerb.List });

    private List<EnrolmentStatus> Ask(NodeRequest request) => Ask(NodeRequestWriter.Write(request), passed: -1);

    private List<EnrolmentStatus> Ask(byte[] request, int passed)
    {
        long start = time.GetTimestamp();
        try
        {
            using var socket = Connect(start);
            socket.SetTimeout(Remaining(start));
            socket.Send(request, passed);
            return ReadAll(socket, start);
        }
        catch (IOException error)
        {
            throw new NodeSocketException(NodeErrorKind.Unavailable, $"meshd at {path}: {error.Message}");
        }
    }

    private List<EnrolmentStatus> ReadAll(SeqpacketSocket socket, long start)
    {
        var workloads = new List<EnrolmentStatus>();
        var buffer = new byte[SeqpacketSocket.MaxMessageBytes];
        while (true)
        {
            socket.SetTimeout(Remaining(start));
            int length = socket.Receive(buffer, out var passed);
            passed?.Dispose();
            if (length == 0) throw new IOException("closed the connection without an answer; its log says why");
            var response = Parse(buffer.AsSpan(0, length));
            if (response.Error is { } kind) throw new NodeSocketException(kind, response.Message ?? "meshd gave no reason");
            workloads.AddRange(response.Workloads);
            if (!response.More) return workloads;
        }
    }

    private static NodeResponse Parse(ReadOnlySpan<byte> message)
    {
        if (message.SequenceEqual(Done)) return new NodeResponse();
        try
        {
            return JsonSerializer.Deserialize(message, NodeJson.Default.NodeResponse) ?? throw new IOException("the answer is null");
        }
        catch (JsonException error)
        {
            throw new IOException($"the answer cannot be read, meshd and mesh-cni are probably of different versions: {error.Message}");
        }
    }

    private SeqpacketSocket Connect(long start)
    {
        while (true)
        {
            if (SeqpacketSocket.TryConnect(path, timeout, out var socket, out int errno)) return socket;
            bool mayCome = waitsForDaemon && errno is LibC.Enoent or LibC.Econnrefused or LibC.Eagain;
            if (!mayCome || timeout - time.GetElapsedTime(start) <= RetryInterval) throw new IOException($"{LibC.ErrorText(errno)}; is meshd running on this machine?");
            Task.Delay(RetryInterval, time).GetAwaiter().GetResult();
        }
    }

    private TimeSpan Remaining(long start)
    {
        var remaining = timeout - time.GetElapsedTime(start);
        return remaining > TimeSpan.Zero ? remaining : throw new IOException($"no answer within {timeout.TotalSeconds:0.###} s");
    }
}

public sealed class NodeSocketException(NodeErrorKind kind, string message) : Exception(message)
{
    public NodeErrorKind Kind { get; } = kind;
}
