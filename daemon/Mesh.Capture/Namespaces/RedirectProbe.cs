using System.Net;
using System.Net.Sockets;
using Mesh.Io;
using Mesh.Netfilter.Namespaces;

namespace Mesh.Capture.Namespaces;

/// <summary>Tries the redirection instead of reading it: connects, as the application would, to an address that nobody owns. Only the daemon's
/// listener can accept it. Not part of every verification, because the daemon sees a connection to an unknown destination.</summary>
internal static class RedirectProbe
{
    private static readonly IPEndPoint NowhereV4 = new(IPAddress.Parse("240.240.255.254"), 15999);
    private static readonly IPEndPoint NowhereV6 = new(IPAddress.Parse("fd00:240:240::fffe"), 15999);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Null when the connection was accepted, else what happened. Blocks for at most half a second.</summary>
    /// <param name="addresses">Of the workload: each of their families is tried.</param>
    internal static string? Run(NetworkNamespace network, IReadOnlyList<Ip> addresses)
    {
        string? difference = addresses.Any(static address => address.IsV4) ? Run(network, NowhereV4) : null;
        return difference is null && addresses.Any(static address => !address.IsV4) ? Run(network, NowhereV6) : difference;
    }

    private static string? Run(NetworkNamespace network, IPEndPoint nowhere)
    {
        using var socket = Make(network, nowhere.AddressFamily);
        socket.Blocking = false;
        try
        {
            socket.Connect(nowhere);
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            if (!socket.Poll(Patience, SelectMode.SelectWrite)) return $"a connection to {nowhere} is not redirected: no answer";
            int code = (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
            if (code != 0) return $"a connection to {nowhere} was not accepted: error {code}; nobody listens on the capture port, or it is not redirected";
        }
        catch (SocketException error)
        {
            return $"a connection to {nowhere} was not accepted: {error.Message}";
        }
        return null;
    }

    private static Socket Make(NetworkNamespace network, AddressFamily family)
    {
        using (network.Enter()) return new Socket(family, SocketType.Stream, ProtocolType.Tcp);
    }
}
