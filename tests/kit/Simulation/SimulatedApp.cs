using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Mesh.Io;
using Mesh.Kit.Connections;

namespace Mesh.Kit.Simulation;

/// <summary>A request that an application received, as the application saw it.</summary>
/// <param name="Sender">Who really sent it, by its own word, which no application of a simulation falsifies.</param>
public sealed record ReceivedRequest(TimeSpan At, string App, string Sender, int Number, IpPort From);

/// <summary>An application that knows nothing of the mesh: answers each line with its own name. What it sends and gets contains
/// <see cref="Marker"/>, so that plaintext on a wire is noticed.</summary>
public sealed class SimulatedApp
{
    public const string Marker = "TOP-SECRET-PAYLOAD";

    private readonly SimulatedNetwork network;
    private readonly SimulatedSocketFactory sockets;
    private readonly TestLoop loop;

    public SimulatedApp(SimulatedNetwork network, SimulatedHost host, string name)
    {
        (this.network, Host, Name) = (network, host, name);
        sockets = new SimulatedSocketFactory(network, host);
        loop = new TestLoop(name, 0, network.Time);
    }

    public string Name { get; }
    public SimulatedHost Host { get; }

    /// <summary>Everything that got through to it.</summary>
    public event Action<ReceivedRequest>? Received;

    public SimulatedApp Listen(ushort port)
    {
        sockets.Listen(new IpPort(Ip.AnyV4, port), [loop], ListenOptions.Default, connection => _ = AnswerAsync(connection));
        return this;
    }

    /// <summary>Sends one request and waits for the whole answer.</summary>
    /// <returns>Name of who answered; null when it was refused or broke.</returns>
    public Task<string?> AskAsync(IpPort destination, int number)
    {
        var done = new TaskCompletionSource<string?>();
        loop.Post(async _ => done.SetResult(await TryAskAsync(destination, number)), null);
        return done.Task;
    }

    private async Task<string?> TryAskAsync(IpPort destination, int number)
    {
        Connection? connection = null;
        try
        {
            connection = await sockets.ConnectAsync(loop, destination, new ConnectOptions(TimeSpan.FromSeconds(10)));
            var bound = new LoopTimer(loop.Timers, static state => ((Connection)state!).Abort(), connection);
            bound.Arm(TimeSpan.FromSeconds(20));
            await connection.Output.WriteAsync(Encoding.ASCII.GetBytes($"{Marker} {Name} {number}\n"));
            await connection.Output.CompleteAsync();
            string answer = await ReadAllAsync(connection.Input);
            bound.Cancel();
            string[] words = answer.Split(' ');
            return words is [Marker, _] ? words[1] : null;
        }
        catch (ConnectionBrokenException)
        {
            return null;
        }
        finally
        {
            if (connection is not null) await connection.DisposeAsync();
        }
    }

    private async Task AnswerAsync(Connection connection)
    {
        try
        {
            string[] words = (await ReadAllAsync(connection.Input)).TrimEnd('\n').Split(' ');
            if (words is not [Marker, var sender, var number]) throw new FormatException($"{Name} received '{string.Join(' ', words)}': bytes were lost or added");
            Received?.Invoke(new ReceivedRequest(network.Time.Elapsed, Name, sender, int.Parse(number), connection.RemoteAddress));
            await connection.Output.WriteAsync(Encoding.ASCII.GetBytes($"{Marker} {Name}"));
            await connection.Output.CompleteAsync();
        }
        catch (ConnectionBrokenException)
        {
            // the client is gone
        }
        finally
        {
            await connection.DisposeAsync();
        }
    }

    private static async Task<string> ReadAllAsync(PipeReader reader)
    {
        while (true)
        {
            var result = await reader.ReadAsync();
            if (result.IsCompleted)
            {
                string text = Encoding.ASCII.GetString(result.Buffer);
                reader.AdvanceTo(result.Buffer.End);
                return text;
            }
            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }
}
