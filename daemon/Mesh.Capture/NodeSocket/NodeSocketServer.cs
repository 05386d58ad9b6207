using System.Text.Json;
using Mesh.Netfilter.Namespaces;
using Mesh.NodeSocket;
using Microsoft.Win32.SafeHandles;

namespace Mesh.Capture.NodeSocket;

/// <summary>Serves the node socket: one request per connection. A thread of its own accepts; requests run on the thread pool.</summary>
public sealed class NodeSocketServer : IDisposable
{
    // Container runtimes start few containers at once; more callers wait in the kernel's backlog.
    private const int MaxConcurrent = 32;

    // The request follows the connection at once; only root can connect and stay silent.
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(2);

    // A list entry is at most about 30 KiB (limits of labels and exclusions), usually 500 bytes.
    private const int EntriesPerMessage = 2;

    private readonly string path;
    private readonly CaptureManager manager;
    private readonly CaptureEvents events;
    private readonly SeqpacketSocket listener;
    private readonly SemaphoreSlim slots = new(MaxConcurrent);
    private readonly Thread acceptor;

    /// <exception cref="IOException">The path cannot be bound, or another daemon serves it.</exception>
    public NodeSocketServer(CaptureConfig config, CaptureManager manager, CaptureEvents events)
    {
        (path, this.manager, this.events) = (config.NodeSocket, manager, events);
        listener = SeqpacketSocket.Listen(path);
        acceptor = new Thread(Accept) { Name = "node-socket", IsBackground = true };
        acceptor.Start();
    }

    private void Accept()
    {
        while (listener.Accept() is { } client)
        {
            slots.Wait();
            ThreadPool.QueueUserWorkItem(state => _ = ServeAsync((SeqpacketSocket)state!), client);
        }
    }

    private async Task ServeAsync(SeqpacketSocket client)
    {
        try
        {
            client.SetTimeout(RequestTimeout);
            if (client.IsPeerTrusted()) Answer(client, await HandleAsync(client));
            else events.RequestFailed("a process of another user connected to the node socket");
        }
        catch (Exception error)
        {
            // Whatever it is, it concerns this one request.
            events.RequestFailed(error.Message);
        }
        finally
        {
            client.Dispose();
            slots.Release();
        }
    }

    private async Task<NodeResponse> HandleAsync(SeqpacketSocket client)
    {
        var buffer = new byte[SeqpacketSocket.MaxMessageBytes];
        int length = client.Receive(buffer, out var descriptor);
        using (descriptor)
        {
            try
            {
                var request = JsonSerializer.Deserialize(buffer.AsSpan(0, length), NodeJson.Default.NodeRequest)
                    ?? throw new CaptureRequestException(NodeErrorKind.Invalid, "the request is null");
                return await CarryOutAsync(request, descriptor);
            }
            catch (CaptureRequestException error)
            {
                events.RequestFailed(error.Message);
                return new() { Error = error.Kind, Message = error.Message };
            }
            catch (JsonException error)
            {
                events.RequestFailed(error.Message);
                return new() { Error = NodeErrorKind.Invalid, Message = $"the request cannot be read; mesh-cni and meshd are probably of different versions: {error.Message}" };
            }
        }
    }

    private async Task<NodeResponse> CarryOutAsync(NodeRequest request, SafeFileHandle? descriptor)
    {
        if (request.Version != NodeRequest.CurrentVersion) throw Invalid($"version {request.Version} is not spoken here, only {NodeRequest.CurrentVersion}");
        switch (request.Verb)
        {
            case NodeVerb.Enrol:
                var enrolment = request.Enrolment ?? throw Invalid("Enrol needs enrolment");
                await manager.EnrolAsync(enrolment, Namespace(descriptor));
                break;
            case NodeVerb.Unenrol:
                await manager.UnenrolAsync(request.Attachment ?? throw Invalid("Unenrol needs attachment"));
                break;
            case NodeVerb.Check:
                await manager.CheckAsync(request.Attachment ?? throw Invalid("Check needs attachment"));
                break;
            case NodeVerb.List:
                return new() { Workloads = manager.Statuses };
            case NodeVerb.Ping:
                break;
            default:
                throw Invalid($"unknown verb {request.Verb}");
        }
        return new();
    }

    private static NetworkNamespace Namespace(SafeFileHandle? descriptor)
    {
        if (descriptor is null) throw Invalid("Enrol needs the namespace's descriptor");
        int fd = (int)descriptor.DangerousGetHandle();
        descriptor.SetHandleAsInvalid(); // ownership moves
        try
        {
            return NetworkNamespace.FromDescriptor(fd, "the descriptor in the request");
        }
        catch (NamespaceMissingException error)
        {
            throw Invalid(error.Message);
        }
    }

    private static void Answer(SeqpacketSocket client, NodeResponse response)
    {
        var parts = response.Workloads.Chunk(EntriesPerMessage).ToList();
        for (int i = 0; i < parts.Count; i++) Send(client, response with { Workloads = parts[i], More = i < parts.Count - 1 });
        if (parts.Count == 0) Send(client, response);
    }

    private static void Send(SeqpacketSocket client, NodeResponse response) =>
        client.Send(JsonSerializer.SerializeToUtf8Bytes(response, NodeJson.Default.NodeResponse));

    private static CaptureRequestException Invalid(string message) => new(NodeErrorKind.Invalid, message);

    /// <summary>Stops accepting and removes the socket file. Requests under way are answered.</summary>
    public void Dispose()
    {
        listener.Shutdown();
        acceptor.Join();
        listener.Dispose();
        File.Delete(path);
    }
}
