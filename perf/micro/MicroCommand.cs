using Mesh.Micro.Operations;

namespace Mesh.Micro;

/// <summary>micro [--check] [PART]: all operations, or those whose name contains PART. --check only compares allocations with the budgets.</summary>
internal static class MicroCommand
{
    /// <returns>0; 1: a budget is exceeded; 2: bad usage.</returns>
    public static int Run(string[] args, TextWriter output)
    {
        bool check = args.Contains("--check");
        string[] parts = [.. args.Where(static arg => arg != "--check")];
        if (parts.Length > 1 || parts is [['-', ..]])
        {
            Console.Error.WriteLine("usage: micro [--check] [PART]");
            return 2;
        }
        var chosen = All().Where(operation => parts.Length == 0 || operation.Name.Contains(parts[0], StringComparison.OrdinalIgnoreCase)).ToList();
        int exceeded = chosen.Count(operation => !(check ? Check(operation, output) : Measure(operation, output)));
        if (exceeded > 0) output.WriteLine($"{exceeded} of {chosen.Count} operations allocate more than their budget");
        else output.WriteLine($"{chosen.Count} operations keep their allocation budgets");
        return exceeded == 0 ? 0 : 1;
    }

    private static IEnumerable<Operation> All() =>
        [.. HttpOperations.All(), .. RoutingOperations.All(), .. PolicyOperations.All(), .. TelemetryOperations.All()];

    private static bool Check(Operation operation, TextWriter output)
    {
        double bytes = Cost.BytesPerRun(operation);
        if (bytes <= operation.BudgetBytes) return true;
        output.WriteLine($"{operation.Name} allocates {bytes:0.#} bytes, its budget is {operation.BudgetBytes}");
        return false;
    }

    private static bool Measure(Operation operation, TextWriter output)
    {
        double bytes = Cost.BytesPerRun(operation);
        var (median, lowest, highest) = Cost.Nanoseconds(operation);
        output.WriteLine($"{operation.Name,-44} {median,10:0.0} ns   ({lowest:0.0} to {highest:0.0}) {bytes,8:0.#} bytes");
        return bytes <= operation.BudgetBytes;
    }
}
