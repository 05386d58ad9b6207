using System.Diagnostics;
using Mesh.Demo.Proofs;

namespace Mesh.Demo;

/// <summary>The fixed scenario: every claim with its evidence, in an order that lets the minute-long download run beside the quick ones.</summary>
internal static class Scenario
{
    /// <returns>Whether every claim was proved. After a failure the rest is still tried, so that one run shows everything that is wrong.</returns>
    public static async Task<bool> RunOnceAsync(TextWriter output, CancellationToken stopping)
    {
        long start = Stopwatch.GetTimestamp();
        World world;
        try
        {
            world = await World.StartAsync(output);
        }
        catch (Exception error)
        {
            await output.WriteLineAsync($"FAILED      the demo could not be set up\n            {error.Message}");
            return false;
        }
        await using (world)
        {
            int failed = await ProveAllAsync(world, output, stopping);
            if (failed > 0) await World.KeepLogsAsync(world.Lab, output);
            await output.WriteLineAsync($"{(failed == 0 ? "all claims proved" : $"{failed} claims FAILED")} in {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s");
            return failed == 0;
        }
    }

    private static async Task<int> ProveAllAsync(World world, TextWriter output, CancellationToken stopping)
    {
        var capture = await PacketCapture.StartAsync(world.A, "between-machines");
        var first = new AnswersByName();
        int failed = await ProveAsync(world, first, output);
        var longRunning = LongRunning.Start(world);
        IProof[] proofs =
        [
            new WeightsHold(), new HeaderPinsVersion(), new TcpByName(), new WireIsEncrypted(capture),
            new ApplicationSeesClient(), new IntruderIsDenied(), new PlaintextIsRefused(), new ForeignCertificateIsRefused(),
            new RouteChangeDisturbsNothing(longRunning), new ControllerMayBeAway(), new DeadDaemonLeaksNothing(), new DeleteLeavesNothing(),
        ];
        foreach (var proof in proofs)
        {
            if (stopping.IsCancellationRequested)
            {
                await output.WriteLineAsync("STOPPED     interrupted");
                return failed + 1;
            }
            failed += await ProveAsync(world, proof, output);
        }
        return failed;
    }

    private static async Task<int> ProveAsync(World world, IProof proof, TextWriter output)
    {
        try
        {
            string evidence = await proof.ProveAsync(world);
            await output.WriteLineAsync($"PROVED      {proof.Claim}\n            {evidence}");
            return 0;
        }
        catch (Exception error)
        {
            string why = error is ProofFailedException ? error.Message : $"{error.GetType().Name}: {error.Message}";
            await output.WriteLineAsync($"FAILED      {proof.Claim}\n            {why.Trim()}");
            return 1;
        }
    }
}
