using System.IO.Pipelines;
using Mesh.Http.Detection;
using Mesh.Io;

namespace Mesh.Proxy.Outbound;

/// <summary>Both sides of a connection are there, and whoever speaks first decides.</summary>
internal static class FirstToSpeak
{
    /// <summary>Ends with nobody reading on either side and all bytes where they were.</summary>
    /// <param name="clientSpeaks">The run of the opening.</param>
    /// <param name="routesTls">A server that speaks into the middle of a ClientHello does not decide where it goes.</param>
    /// <returns>Whether the server spoke before the client had shown what it speaks.</returns>
    public static async Task<bool> IsServerAsync(Opening opening, Task clientSpeaks, PipeReader server, bool routesTls)
    {
        var serverSpeaks = SpeaksAsync(server);
        await Task.WhenAny(clientSpeaks, serverSpeaks);
        if (opening.Protocol == DetectedProtocol.Tls && routesTls) await clientSpeaks;
        opening.Stop();
        // Only if it still waits: a cancellation that meets no wait would be taken by the next reader.
        if (!serverSpeaks.IsCompleted) server.CancelPendingRead();
        await clientSpeaks;
        return await serverSpeaks;
    }

    /// <summary>A broken connection is left for the next reader to find.</summary>
    /// <returns>False: the connection ended, or nobody wants to know any more.</returns>
    private static async Task<bool> SpeaksAsync(PipeReader input)
    {
        try
        {
            var read = await input.ReadAsync();
            input.AdvanceTo(read.Buffer.Start);
            return !read.Buffer.IsEmpty;
        }
        catch (ConnectionBrokenException)
        {
            return false;
        }
    }
}
