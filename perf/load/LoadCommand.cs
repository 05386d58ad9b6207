using System.Globalization;
using System.Text.Json;
using Mesh.Load.Responses;
using Mesh.Load.Runs;

namespace Mesh.Load;

/// <summary>The command line. Results are one line of JSON on standard output; exit status 1 when a response was not the expected one.</summary>
internal static class LoadCommand
{
    private const string Usage = """
        Mesh.Load rate --url http://HOST:PORT/PATH --expect FILE --rate PER_SECOND --seconds N [--connections N] [--warm-up SECONDS] [--new-connections]
        Mesh.Load idle --url http://HOST:PORT/PATH --expect FILE --connections N
        """;

    public static async Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter errors)
    {
        try
        {
            var options = LoadOptions.Parse(arguments);
            if (options.Mode == "rate") await output.WriteLineAsync(JsonSerializer.Serialize(Rate(options)));
            else await HoldAsync(options, output);
            return 0;
        }
        catch (FormatException error)
        {
            await errors.WriteLineAsync($"{error.Message}\n{Usage}");
            return 2;
        }
        catch (Exception error) when (error is WrongResponseException or System.Net.Sockets.SocketException or IOException)
        {
            await errors.WriteLineAsync(error.Message);
            return 1;
        }
    }

    private static RateReport Rate(LoadOptions options)
    {
        using var run = new RateRun(options, Target.Of(options.Url), ExpectedResponse.FromFile(options.ExpectFile));
        return run.Run();
    }

    /// <summary>Says "open N" when every connection has had its response, and keeps them until the process is ended.</summary>
    private static async Task HoldAsync(LoadOptions options, TextWriter output)
    {
        using var run = new IdleRun(Target.Of(options.Url), ExpectedResponse.FromFile(options.ExpectFile));
        run.Open(options.Connections);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"open {options.Connections}"));
        await output.FlushAsync();
        await Task.Delay(Timeout.Infinite);
    }
}
